import { createInterface } from 'node:readline'
import { ClusterSetup } from '../../../../src/core/setup/cluster-setup.js'
import { PluginLoader } from '../../../../src/core/setup/loader.js'
import { recordingLog } from './recording-log.js'

// Loads p.P of the folder in argv at each line of its input and prints its field `value`.
const [, , folder = '.'] = process.argv
const loader = new PluginLoader({
  pluginPath: () => [folder],
  bundledDir: '/nonexistent',
  publicApi: { ClusterSetup },
  log: recordingLog().log,
})
for await (const _ of createInterface({ input: process.stdin })) {
  const { instance } = await loader.load({ name: 'p', setupClass: 'p.P', settings: new Map() })
  process.stdout.write(`${(instance as unknown as { value: number }).value}\n`)
}
