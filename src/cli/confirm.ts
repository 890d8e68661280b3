import { StarClusterError } from '../index.js'
import { Questions } from './ask.js'

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
  using questions = new Questions(signal)
  return ['y', 'Y', 'yes'].includes(await questions.ask(`${question} (y/n)`))
}
