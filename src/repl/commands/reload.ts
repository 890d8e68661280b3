import type { ShellCommand } from './command.js'

export const reload: ShellCommand = {
  name: 'reload',
  help: 'Load plugins and config again and list what changed',
  run: async (_argument, session) => {
    const changes = (await session.options.onReload?.()) ?? []
    session.say(changes.length > 0 ? changes.map((line) => `>>> ${line}`).join('\n') : '>>> No plugin changed')
  },
}
