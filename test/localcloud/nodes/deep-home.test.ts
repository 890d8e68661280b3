import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makePassage } from '../../../src/localcloud/nodes/disk-paths.js'
import { Supervisor } from '../../../src/localcloud/nodes/supervisor.js'
import { canRunNodes, SLOW } from './machines.js'

test.skipIf(!canRunNodes)(
  'a home may lie deeper than the address of a socket is long',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sc-deep-'))
    const home = join(dir, ...Array.from({ length: 8 }, () => 'a-directory-with-a-name'), 'home')
    const images = join(dir, 'images')
    mkdirSync(home, { recursive: true })
    await makePassage(dir, home, images)
    expect(home.length).toBeGreaterThan(150)
    try {
      expect(await Supervisor.find(home)).toBeUndefined()
      const supervisor = await Supervisor.open({ home, images, network: '10.78.0.0/16', egress: false })
      expect(await supervisor.list()).toEqual([])
      const found = await Supervisor.find(home)
      expect(found?.process.pid).toBe(supervisor.process.pid)
      let ended = false
      const watch = await supervisor.watch(
        () => undefined,
        () => {
          ended = true
        },
      )
      await supervisor.kill()
      await expect.poll(() => ended).toBe(true)
      watch.close()
      expect(await Supervisor.find(home)).toBeUndefined()
      expect(await Supervisor.find(join(home, 'nowhere'))).toBeUndefined()
    } finally {
      await (await Supervisor.find(home))?.kill()
      rmSync(dir, { recursive: true })
    }
  },
  SLOW,
)
