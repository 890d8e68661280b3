import { createInterface } from 'node:readline/promises'
import { StarClusterError } from '../index.js'

/** A destructive command was asked for where nobody can be asked back. */
export class ConfirmationNeeded extends StarClusterError {
  readonly code = 'ConfirmationNeeded'
}

/**
 * Asks before something is destroyed. Only `y`, `Y` and `yes` confirm.
 * @throws ConfirmationNeeded without a terminal, naming the flag that answers beforehand
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new ConfirmationNeeded(`${question} Not asked: there is no terminal.`, {
      hint: 'give -c (--confirm) to go ahead without being asked',
    })
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  // readline takes Ctrl-C for itself while it reads; it means the same here as everywhere.
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const answer = await prompt.question(`${question} (y/n) `, { signal })
    return ['y', 'Y', 'yes'].includes(answer.trim())
  } finally {
    prompt.close()
  }
}
