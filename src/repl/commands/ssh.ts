import type { ShellCommand } from './command.js'

export const ssh: ShellCommand = {
  name: 'ssh',
  help: 'Log in to a node, or to the master of a cluster; its end comes back here',
  complete: async (session) => (await import('../remote-command.js')).completeTarget(session),
  run: async (target, session, signal) => (await import('../remote-command.js')).logIn(target.trim(), session, signal),
}
