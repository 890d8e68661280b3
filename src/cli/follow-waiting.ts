import type { CliContext } from './context.js'
import type { FollowFlags } from './follow-commands.js'

/**
 * Runs an act on a cluster; at a terminal a line tells what it waits for, also while machines boot or end and no command
 * runs on any.
 */
export async function followWaiting<T>(cli: CliContext, act: () => Promise<T>, flags: FollowFlags = {}): Promise<T> {
  const { followCommands } = await import('./follow-commands.js')
  return followCommands(cli, { meanwhile: 'waiting for the machines', ...flags }, act)
}
