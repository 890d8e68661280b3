import { ClusterSetup } from '../../../../src/core/setup/cluster-setup.js'
import { PluginLoader } from '../../../../src/core/setup/loader.js'
import { recordingLog } from './recording-log.js'

// Runs p.P of the folder in argv and prints the stack of what it throws, as Node itself shows it.
const [, , folder = '.'] = process.argv
const loader = new PluginLoader({
  pluginPath: () => [folder],
  bundledDir: '/nonexistent',
  publicApi: { ClusterSetup },
  log: recordingLog().log,
})
const plugin = await loader.load({ name: 'p', setupClass: 'p.P', settings: new Map() })
try {
  const run = plugin.instance.run as () => void
  run.call(plugin.instance)
} catch (error) {
  process.stdout.write(`${(error as Error).stack}\nlocated ${plugin.locate?.(error)}\n`)
}
