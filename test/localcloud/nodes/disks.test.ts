import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

describe.skipIf(!canRunNodes)('disks: snapshots, rollback and layers for images', () => {
  const machines = new Machines()
  const out = machines.out.bind(machines)
  const { engine } = machines
  let layer = ''

  const snapshot = async (number: number, name: string) => {
    await engine.stop(`i-${number}`)
    await engine.disks.snapshot(`i-${number}`, name)
    await engine.boot(machines.spec(number))
  }
  const rollback = async (number: number, name: string) => {
    await engine.stop(`i-${number}`)
    await engine.disks.rollback(`i-${number}`, name)
    await engine.boot(machines.spec(number))
  }
  const layerDir = () => join(DISK_ROOT, 'images', 'layers', layer)

  beforeAll(async () => {
    await machines.open()
    await engine.boot(machines.spec(2))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'a disk goes back to a named point and forth again, with its host keys',
    async () => {
      const key = await out(2, 'cat /etc/ssh/ssh_host_ed25519_key.pub')
      await out(2, 'mkdir -p /data/sub; echo one > /data/file; echo hidden > /data/sub/x; useradd -m ann')
      await snapshot(2, 'one')
      expect(await out(2, 'cat /data/file /data/sub/x; id -un ann')).toBe('one\nhidden\nann')
      await out(
        2,
        'echo two > /data/file; rm -r /data/sub; mkdir /data/sub; echo y > /data/sub/y; rm /etc/motd; touch /two',
      )
      await snapshot(2, 'two')
      await out(2, 'rm -rf /data; userdel ann')
      await rollback(2, 'one')
      expect(await out(2, 'cat /data/file /data/sub/*; ls /two /etc/motd 2>&1 || true; id -un ann')).toMatch(
        /^one\nhidden\n.*\/two.*\n\/etc\/motd\nann$/s,
      )
      await rollback(2, 'two')
      expect(await out(2, 'cat /data/file; ls /data/sub; ls /two')).toBe('two\ny\n/two')
      expect(await out(2, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).toBe(key)
      expect((await engine.disks.snapshots('i-2')).map(({ name }) => name)).toEqual(['one', 'two'])
      expect(machines.exits).toEqual([])
    },
    SLOW,
  )

  test('a running machine, an unknown name and a name twice are refused', async () => {
    await expect(engine.disks.snapshot('i-2', 'live')).rejects.toThrow('running')
    await expect(engine.disks.snapshot('i-2', 'one')).rejects.toMatchObject({ code: 'SnapshotExists' })
    await expect(engine.disks.rollback('i-2', 'none')).rejects.toMatchObject({ code: 'SnapshotDoesNotExist' })
    await expect(engine.disks.snapshot('i-9', 'one')).rejects.toMatchObject({ code: 'NoSuchDisk' })
    expect(await out(2, 'cat /data/file')).toBe('two')
  })

  test(
    'many snapshots: the chain is put together, every point stays what it was, forgotten ones are deleted',
    async () => {
      await engine.stop('i-2')
      for (let turn = 1; turn <= 16; turn++) {
        await engine.disks.snapshot('i-2', `n${turn}`)
        if (turn % 5 === 0) {
          await engine.boot(machines.spec(2))
          await out(2, `echo ${turn} > /data/turn; rm -rf /data/last-*; touch /data/last-${turn}`)
          await engine.stop('i-2')
        }
      }
      await engine.boot(machines.spec(2))
      expect(
        await out(2, 'cat /data/turn /data/file; ls -d /data/last-*; ls /etc/motd /data/sub 2>/dev/null || true'),
      ).toBe('15\ntwo\n/data/last-15\n/data/sub:\ny')
      await rollback(2, 'n6')
      expect(await out(2, 'cat /data/turn; ls -d /data/last-*')).toBe('5\n/data/last-5')
      await rollback(2, 'one')
      expect(await out(2, 'cat /data/file /data/sub/*; ls /data')).toBe('one\nhidden\nfile\nsub')
      for (const { name } of await engine.disks.snapshots('i-2')) {
        if (name !== 'two') await engine.disks.forget('i-2', name)
      }
      expect(await out(2, 'cat /data/file')).toBe('one')
      await rollback(2, 'two')
      expect(await out(2, 'cat /data/file; ls /data/sub')).toBe('two\ny')
    },
    SLOW,
  )

  test(
    'a layer of a running machine has what was installed and nothing of its own; another machine stands on it',
    async () => {
      await out(
        2,
        'mkdir -p /opt/tool && echo tool > /opt/tool/x && ln -s x /opt/tool/link && chown ann: /opt/tool/x; rm -f /usr/bin/wget /etc/issue; echo secret > /root/.bash_history; echo secret > /home/ann/.mysql_history; echo kept > /root/notes; echo log > /var/log/mine.log; install -d -m 700 -o ann /home/ann/.ssh; echo k > /home/ann/.ssh/authorized_keys; echo "master:/home /home nfs rw 0 0" >> /etc/fstab; hostname changed; echo changed > /etc/hostname',
      )
      layer = await engine.disks.capture('i-2', 'ami-1')
      expect(await engine.disks.layers()).toEqual([layer])
      const found = execFileSync('find', [layerDir(), '-printf', '%P\n']).toString()
      for (const own of ['ssh_host', 'authorized_keys', '_history', 'mine.log', 'etc/hostname', 'machine-id'])
        expect(found).not.toContain(own)
      const three = machines.spec(3)
      expect(await engine.boot({ ...three, layers: [layer, ...three.layers] })).toEqual({ firstBoot: true })
      expect(
        await out(
          3,
          'cat /root/notes /opt/tool/link; stat -c %U /opt/tool/x; cat /data/file; ls /data/sub; ls /etc/issue 2>&1 || true; hostname; grep -c nfs /etc/fstab || true',
        ),
      ).toMatch(/^kept\ntool\nann\ntwo\ny\n.*No such file.*\nip-10-78-5-3\n0$/s)
      const keys = await Promise.all([2, 3].map((n) => out(n, 'cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id')))
      expect(keys[0]).not.toBe(keys[1])
    },
    SLOW,
  )

  test(
    'a snapshot of a stopped machine whose disk is not mounted; reset takes layers away',
    async () => {
      await engine.stop('i-3')
      await engine.disks.snapshot('i-3', 'still')
      const second = await engine.disks.capture('i-3', 'ami-2')
      expect(existsSync(join(DISK_ROOT, 'images', 'layers', second))).toBe(true)
      await engine.disks.removeLayer(second)
      expect(await engine.disks.layers()).toEqual([layer])
      await engine.reset()
      expect(existsSync(layerDir())).toBe(false)
      expect(readdirSync(join(DISK_ROOT, 'images')).filter((name) => name.startsWith('capture-'))).toEqual([])
    },
    SLOW,
  )
})
