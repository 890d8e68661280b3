import { type Command, Option } from 'commander'
import { log } from '../index.js'
import { confirm } from './confirm.js'

export interface ConfirmationFlags {
  readonly confirm?: boolean
  readonly yes?: boolean
}

/** Adds -c (--confirm), and --yes as the same, to a command that destroys something. */
export function confirmationOptions(command: Command): Command {
  return command
    .option('-c, --confirm', 'do not ask (--yes is the same)')
    .addOption(new Option('-y, --yes', 'do not ask').hideHelp())
}

/**
 * Whether to go on: said beforehand by a flag, or asked for. Who declines is told that nothing was done.
 * @throws ConfirmationNeeded without a terminal
 */
export async function confirmed(
  question: string,
  flags: ConfirmationFlags,
  signal: AbortSignal,
  declined = 'nothing was done',
): Promise<boolean> {
  if (flags.confirm || flags.yes || (await confirm(question, signal))) return true
  log.info(`Aborting: ${declined}`)
  return false
}
