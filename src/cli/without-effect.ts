import { type Command, Option } from 'commander'
import { log } from '../index.js'
import type { CliContext } from './context.js'

/**
 * Takes options of the original that have nothing to act on here, so that old scripts go on, and tells so when one is given.
 * Help does not show them.
 * @param options why each is without effect, by its flags
 */
export function withoutEffect(command: Command, cli: CliContext, options: Readonly<Record<string, string>>): Command {
  const known = Object.entries(options).map(([flags, why]) => ({ option: new Option(flags).hideHelp(), why }))
  for (const { option } of known) command.addOption(option)
  return command.hook('preAction', async (_, given) => {
    for (const { option, why } of known) {
      const name = option.attributeName()
      if (given.getOptionValue(name) === undefined) continue
      await cli.openLog()
      log.warn(`${option.long} has no effect: ${why}`)
      given.setOptionValue(name, undefined)
    }
  })
}
