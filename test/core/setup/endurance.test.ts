import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pluginFolder } from './support/plugin-folder.js'

const support = (name: string) => new URL(`./support/${name}`, import.meta.url).pathname

test('1,000 reloads leave the heap less than 2 MB larger', { timeout: 300_000 }, () => {
  const { dir } = pluginFolder()
  const args = ['--expose-gc', '--import', 'tsx', support('reload-often.ts'), dir]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 280_000 })
  expect(run.stderr).toBe('')
  const { reloads, grownBytes } = JSON.parse(run.stdout) as { reloads: number; grownBytes: number }
  expect(reloads).toBe(1000)
  expect(grownBytes).toBeLessThan(2_000_000)
})

test('a Ctrl-C that ends esbuild does not end loading', { timeout: 120_000 }, async () => {
  const folder = pluginFolder()
  const source = (value: number) =>
    `import { ClusterSetup } from 'starcluster'\nexport class P extends ClusterSetup { value = ${value}\n run() {} }`
  folder.write('p.ts', source(0))
  const child = spawn(process.execPath, ['--import', 'tsx', support('load-on-line.ts'), folder.dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  child.stdout.setEncoding('utf8')
  const answers = child.stdout[Symbol.asyncIterator]()
  try {
    for (const value of [1, 2, 3]) {
      folder.write('p.ts', source(value))
      child.stdin.write('load\n')
      expect((await answers.next()).value).toBe(`${value}\n`)
      // What a terminal does: every process of the group but ours, which handles it, gets the signal.
      for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGINT')
    }
    child.stdin.end()
    expect((await ended)[0]).toBe(0)
  } finally {
    child.kill()
  }
})

function childrenOf(parent: number): number[] {
  return readdirSync(`/proc/${parent}/task`).flatMap((task) =>
    readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}
