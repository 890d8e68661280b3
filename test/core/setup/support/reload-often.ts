import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClusterSetup } from '../../../../src/core/setup/cluster-setup.js'
import { PluginLoader } from '../../../../src/core/setup/loader.js'
import { recordingLog } from './recording-log.js'

// Edits a plugin's helper in the folder of argv 1,000 times, loads it each time, and prints what the heap has grown by.
const [, , folder = '.'] = process.argv
const reloads = 1000
const quiet = recordingLog()
const loader = new PluginLoader({
  pluginPath: () => [folder],
  bundledDir: '/nonexistent',
  publicApi: { ClusterSetup },
  log: quiet.log,
})
const filler = Array.from({ length: 200 }, (_, index) => `export function f${index}(a: number) { return a + ${index} }`)
writeFileSync(
  join(folder, 'p.ts'),
  `import { ClusterSetup } from 'starcluster'
import { value } from './helper.js'
export class P extends ClusterSetup {
  value = value
  constructor(readonly packages: string) { super() }
  run() {}
}`,
)

async function editAndLoad(value: number): Promise<void> {
  writeFileSync(join(folder, 'helper.ts'), `export const value = ${value}\n${filler.join('\n')}`)
  const { instance } = await loader.load({ name: 'p', setupClass: 'p.P', settings: new Map([['packages', 'x']]) })
  if ((instance as unknown as { value: number }).value !== value) throw new Error(`reload ${value} used old code`)
  quiet.lines.length = 0
}

async function heapBytes(): Promise<number> {
  // Twice and a turn apart: source maps are freed by finalizers, which run after a collection.
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

for (let value = 0; value < 50; value++) await editAndLoad(value)
const before = await heapBytes()
for (let value = 50; value < 50 + reloads; value++) await editAndLoad(value)
process.stdout.write(JSON.stringify({ reloads, grownBytes: (await heapBytes()) - before }))
