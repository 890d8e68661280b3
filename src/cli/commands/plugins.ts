import { didYouMean, type PluginDescription, PluginNotFound } from '../../index.js'
import type { CliContext, DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { renderPlugin, renderPlugins } from '../render-plugins.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('[name]', 'show this one with all its settings')
    .option('--json', 'as JSON')
    .action(async (name: string | undefined, flags: { json?: boolean }) => {
      if (flags.json) cli.keepStdoutForData()
      const all = await describe(cli)
      const shown = name === undefined ? all : [pick(all, name)]
      if (flags.json) return cli.print(JSON.stringify(shown, (_, value) => value ?? null, 2))
      cli.print(name === undefined ? renderPlugins(shown) : shown.map((one) => renderPlugin(one)).join('\n'))
      if (shown.length === 1 && name !== undefined && shown[0]?.problem !== undefined) cli.exitWith(1)
    })
  examples(command, [
    ['starcluster plugins', 'those of the config, of the plugin path, and the bundled ones'],
    ['starcluster plugins pkginstaller', 'its settings with types and defaults, its hooks and its documentation'],
  ])
}

async function describe(cli: CliContext): Promise<PluginDescription[]> {
  const { config, plugins } = await cli.open()
  return plugins.describe(config().plugins.values())
}

/** By section name, setup_class or class. */
function pick(all: readonly PluginDescription[], name: string): PluginDescription {
  const exact = all.find((one) => one.name === name || one.setupClass === name)
  const found = exact ?? all.find((one) => one.setupClass.split('.').includes(name))
  if (found) return found
  const names = all.flatMap((one) => [one.name, ...one.setupClass.split('.')])
  throw new PluginNotFound(`there is no plugin ${name}${didYouMean(name, names)}`, {
    hint: '"starcluster plugins" lists them',
  })
}
