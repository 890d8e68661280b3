import { type ShellCommand, UsageError } from './command.js'

export const log: ShellCommand = {
  name: 'log',
  help: 'Show messages from a level on: debug, info, warn, error',
  complete: async ({ options }) => options.logLevel?.all ?? [],
  run: async (argument, session) => {
    const level = argument.trim()
    const { logLevel } = session.options
    if (!logLevel) return
    if (level !== '' && !logLevel.all.includes(level)) throw new UsageError(`.log [${logLevel.all.join('|')}]`)
    if (level !== '') logLevel.set(level)
    session.say(`Messages are shown from level ${logLevel.get()} on`)
  },
}
