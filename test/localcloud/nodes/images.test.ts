import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { withLock } from '../../../src/localcloud/nodes/build-lock.js'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { canRunNodes, DISK_ROOT, SLOW } from './machines.js'

test.skipIf(!canRunNodes)(
  'the image is built once: asked for at the same time and later, it is the same',
  async () => {
    const store = new ImageStore(DISK_ROOT)
    const [one, two] = await Promise.all([store.ensureBase(), new ImageStore(DISK_ROOT).ensureBase()])
    expect(two).toEqual(one)
    expect(one.name).toMatch(/^[a-z]+-[\w.]+$/)
    expect((await store.list()).map((image) => image.id)).toContain(one.id)
    expect((await store.base())?.id).toBe(one.id)
  },
  SLOW * 2,
)

test.skipIf(!canRunNodes)(
  'a build that is killed leaves no process and nothing that counts as an image',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'sc-images-'))
    try {
      const builder = spawn(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, 'image-builder.ts'), root],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      for await (const line of createInterface({ input: builder.stdout }))
        if (/downloading|extracting/.test(line)) break
      const ended = new Promise((resolve) => builder.once('exit', resolve))
      builder.kill('SIGKILL')
      await ended
      const atWork = () => processesNaming(root)
      for (let turn = 0; atWork().length > 0 && turn < 600; turn++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      expect(atWork()).toEqual([])
      expect(await new ImageStore(root).list()).toEqual([])
      expect(readdirSync(join(root, 'images/layers'))).toEqual([])
      // The next builder does not wait for the dead one.
      await withLock(join(root, 'images/build.lock'), async () => undefined)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
  SLOW,
)

test('a lock is held by one at a time', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sc-lock-'))
  let [inside, most] = [0, 0]
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withLock(join(dir, 'lock'), async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
      }),
    ),
  )
  rmSync(dir, { recursive: true })
  expect(most).toBe(1)
})

/** Command lines of living processes that name a path. */
function processesNaming(path: string): string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return '' // it ended while we looked
      }
    })
  return lines.filter((line) => line.includes(path))
}
