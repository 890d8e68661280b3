import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asOwnRoot } from '../../../src/localcloud/nodes/own-root.js'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

/** Snapshots and rollback are in contract/disks.ts. */
describe.skipIf(!canRunNodes)('layers on the host', () => {
  const machines = new Machines()
  const layerDir = (layer: string) => join(DISK_ROOT, 'images', 'layers', layer)

  beforeAll(async () => {
    await machines.open()
    await machines.engine.boot(machines.spec(2))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'a layer has nothing of its machine, links are not followed; reset takes it away',
    async () => {
      await machines.out(
        2,
        'mkdir /opt/tool /home/ann; touch /root/.bash_history /home/ann/.mysql_history /root/notes /var/log/mine.log; mkdir /srv/logs; touch /srv/logs/kept; ln -s /srv/logs /var/log/elsewhere; rm -rf /var/tmp; ln -s /opt /var/tmp',
      )
      const layer = await machines.engine.disks.capture('i-2', 'ami-1')
      const found = execFileSync(...asOwnRoot('find', [layerDir(layer), '-printf', '%P\n'])).toString()
      for (const own of ['ssh_host', 'authorized_keys', '_history', 'mine.log', 'etc/hostname', 'machine-id'])
        expect(found).not.toContain(own)
      expect(found).toMatch(/^opt\/tool$/m)
      expect(found).toMatch(/^root\/notes$/m)
      expect(found).toMatch(/^srv\/logs\/kept$/m)
      await machines.engine.reset()
      expect(existsSync(layerDir(layer))).toBe(false)
      expect(readdirSync(join(DISK_ROOT, 'images')).filter((name) => name.startsWith('capture-'))).toEqual([])
    },
    SLOW,
  )
})
