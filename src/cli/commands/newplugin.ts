import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pluginSearchPath, writeNewPlugin } from '../../index.js'
import { packageRoot } from '../../package-root.js'
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
      const made = writeNewPlugin({ name, dir, config: configFile, taken: current.plugins.keys(), types: typesOfApi() })
      cli.print(`${made.file}  the plugin, class ${made.className}`)
      if (made.tsconfig) cli.print(`${made.tsconfig}  for your editor: completion and types`)
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
    ['starcluster newplugin myplugin', 'writes ~/.starcluster/plugins/myplugin.ts and its section of the config'],
    ['starcluster newplugin --dir . myplugin', 'in this folder'],
  ])
}

/** Declarations where they were built, else the sources. */
function typesOfApi(): string {
  const built = join(packageRoot(), 'dist', 'types', 'api.d.ts')
  return existsSync(built) ? built : join(packageRoot(), 'src', 'api.ts')
}
