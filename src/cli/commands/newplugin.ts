import { dirname, resolve } from 'node:path'
import { isUrl, pluginSearchPath, StarClusterError, writeNewPlugin } from '../../index.js'
import { packageFolder, publicModules } from '../../public-modules.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<name>', 'name of the new plugin')
    .option('--dir <folder>', 'folder to write it to (default: the first of the plugin path)')
    .action(async (name: string, flags: { dir?: string }) => {
      const { config, paths } = await cli.open()
      const current = config()
      const path = pluginSearchPath(current, cli.env)
      const dir = flags.dir === undefined ? (path[0] ?? paths.plugins) : resolve(flags.dir)
      const configFile = current.path ?? paths.configFiles[0] ?? ''
      if (isUrl(configFile)) throw new ConfigNotWritable(configFile)
      const made = writeNewPlugin({ name, dir, config: configFile, taken: current.plugins.keys(), types: typePlaces() })
      cli.print(`${made.file}  the plugin, class ${made.className}`)
      cli.print(`${made.testFile}  its test, which "starcluster test" runs`)
      cli.print(
        made.tsconfig
          ? `${made.tsconfig}  for your editor: completion and types`
          : `${resolve(dir, 'tsconfig.json')}  was there already, and is as it was`,
      )
      cli.print(`${configFile}  its section, [plugin ${name}]`)
      if (!path.includes(dir)) {
        cli.print(
          `\nPlugins are not looked for in ${dir} yet. Add to the config:\n\n  [global]\n  plugin_path = ${dir}`,
        )
      }
      cli.print(
        `\nTry it:\n  starcluster start testcluster -s 2\n  starcluster watch ${name} testcluster     runs it now, and again each time you save it\n  starcluster test ${name}                  its whole life, on a cluster of its own`,
      )
    })
  examples(command, [
    [
      'starcluster newplugin myplugin',
      'writes ~/.starcluster/plugins/myplugin.ts, its test and its section of the config',
    ],
    ['starcluster newplugin --dir . myplugin', 'in this folder'],
  ])
}

/** In this installation, so that nothing has to be installed beside a plugin. */
function typePlaces() {
  return {
    modules: Object.fromEntries(publicModules().map(({ name, types }) => [name, types])),
    typeRoot: dirname(packageFolder('@types/node')),
  }
}

class ConfigNotWritable extends StarClusterError {
  readonly code = 'ConfigNotWritable'
  constructor(url: string) {
    super(`the config is read from ${url}: the section of a new plugin cannot be written there`, {
      hint: 'name a file with -c or $STARCLUSTER_CONFIG; it may INCLUDE the other',
    })
  }
}
