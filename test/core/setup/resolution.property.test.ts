import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PluginLoader } from '../../../src/core/setup/loader.js'
import { pluginFolder, publicApi } from './support/plugin-folder.js'
import { recordingLog } from './support/recording-log.js'

const files = [
  'util.ts',
  'util.js',
  'util.mjs',
  'util.json',
  'util/index.ts',
  'util/index.js',
  'util/main.ts',
  'util/package.json',
  'node_modules/pkg/index.js',
  'node_modules/pkg/main.js',
  'node_modules/pkg/package.json',
  'sub/node_modules/pkg/index.js',
  'sub/node_modules/pkg/package.json',
  'package.json',
]

type Change = { file: string; write: boolean; number: number }
const change: fc.Arbitrary<Change> = fc.record({
  file: fc.constantFrom(...files),
  write: fc.boolean(),
  number: fc.nat(3),
})

function apply(dir: string, { file, write, number }: Change): void {
  const path = join(dir, file)
  if (!write) {
    rmSync(path, { force: true })
    return
  }
  mkdirSync(dirname(path), { recursive: true })
  const main = number % 2 === 0 ? 'main' : 'index'
  const text = file.endsWith('package.json')
    ? JSON.stringify({ main: `./${main}`, type: number > 1 ? 'module' : 'commonjs' })
    : file.endsWith('.json')
      ? JSON.stringify({ a: `${file} ${number}` })
      : `export const a = '${file} ${number}'`
  writeFileSync(path, text)
}

const source = (from: string) =>
  `import { ClusterSetup } from 'starcluster'\nimport { a } from '${from}'\nexport class P extends ClusterSetup { value = a\n run() {} }\n`

test('a loader that has seen everything agrees with one that starts afresh, whatever changes', {
  timeout: 180_000,
}, async () => {
  const folder = pluginFolder()
  const { log } = recordingLog()
  const answer = async (loader: PluginLoader, setupClass: string): Promise<unknown> => {
    try {
      const { instance } = await loader.load({ name: 'p', setupClass, settings: new Map() })
      return (instance as unknown as { value: unknown }).value
    } catch (error) {
      return (error as Error).message
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.array(change, { minLength: 4, maxLength: 8 }),
      async (first, later) => {
        const { dir, write } = folder
        rmSync(dir, { recursive: true })
        write('sub/p.ts', source('../util'))
        write('sub/q.ts', source('pkg'))
        const make = () => new PluginLoader({ pluginPath: () => [dir], bundledDir: '/nonexistent', publicApi, log })
        const warm = make()
        for (const one of first) apply(dir, one)
        for (const one of later) {
          // Long enough after the last change for the loader to trust what it saw.
          const changed = Date.now()
          await expect.poll(() => Date.now() - changed, { interval: 5 }).toBeGreaterThan(60)
          for (const setupClass of ['sub.p.P', 'sub.q.P']) await answer(warm, setupClass)
          apply(dir, one)
          for (const setupClass of ['sub.p.P', 'sub.q.P']) {
            expect(await answer(warm, setupClass)).toEqual(await answer(make(), setupClass))
          }
        }
      },
    ),
    { numRuns: 12 },
  )
})
