import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<plugin>', 'name of a [plugin] section of the config, or of a bundled plugin')
    .argument('<tag>', 'name of the cluster')
    .action(async (plugin: string, tag: string) => {
      const { cm } = await cli.open()
      await cm.runPlugin(plugin, tag, { signal: cli.signal })
    })
  examples(command, [
    ['starcluster runplugin pkginstaller testcluster', 'run [plugin pkginstaller] on testcluster'],
    ['starcluster -c lab.ini runplugin users prod', 'with another config file'],
  ])
}
