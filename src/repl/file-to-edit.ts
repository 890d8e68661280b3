import { nearest, PluginError, type StarCluster } from '../index.js'

/**
 * The file behind a name: the config, or a plugin by its section, its setup_class or its module.
 *
 * @throws PluginError when there is none, or only one of the program itself
 */
export async function fileToEdit(sc: StarCluster, name: string): Promise<string> {
  if (name === 'config') return sc.config().path ?? `${sc.paths.dir}/config`
  const known = await sc.plugins.describe(sc.config().plugins.values())
  const found = known.find(({ name: own, setupClass }) => {
    const module = setupClass.split('.').slice(0, -1).join('.')
    return own === name || setupClass === name || module === name
  })
  if (!found) {
    const close = nearest(
      name,
      known.map((plugin) => plugin.name),
    )
    throw new PluginError(`there is no plugin ${name}${close ? ` (did you mean ${close}?)` : ''}`, {
      hint: `"starcluster newplugin ${name}" writes one`,
    })
  }
  if (found.file === undefined) throw new PluginError(`plugin ${name}: ${found.problem ?? 'its file is not known'}`)
  if (known.some(({ origin, file }) => origin === 'bundled' && file === found.file)) {
    throw new PluginError(`plugin ${name} comes with the program: ${found.file}`, {
      hint: 'copy it to ~/.starcluster/plugins and name the copy in setup_class',
    })
  }
  return found.file
}
