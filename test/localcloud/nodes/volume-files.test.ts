import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, isRoot, Machines, SLOW } from './machines.js'

const MASTER = 2
const OTHER = 3
const GIB = 2 ** 30

if (isRoot) console.warn('SKIPPED: volumes without loop devices are those of an ordinary user')
else if (!existsSync('/dev/fuse')) console.warn('SKIPPED: volumes of an ordinary user need /dev/fuse')

describe.skipIf(!canRunNodes || isRoot || !existsSync('/dev/fuse'))('volumes of an ordinary user', () => {
  const machines = new Machines()
  const { out, run } = { out: machines.out.bind(machines), run: machines.run.bind(machines) }
  const { engine } = machines
  const { volumes } = engine
  const detached = (number: number, id: string) =>
    machines.until('it is detached', () => volumes.detach(`i-${number}`, id), 30_000)

  beforeAll(async () => {
    await machines.open()
    await Promise.all([MASTER, OTHER].map((number) => engine.boot(machines.spec(number))))
    for (const number of [MASTER, OTHER])
      await out(number, 'cat >> /etc/hosts', '10.78.5.2 master\n10.78.5.3 node001\n')
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'a file under the names of a device; ext4 is made, mounted, found by label and fstab, and is full when it is full',
    async () => {
      await volumes.create('vol-0a1', { sizeGiB: 1 })
      await volumes.attach('i-2', { volume: 'vol-0a1', device: '/dev/sdf' })
      const byId = '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1'
      expect(await out(MASTER, `stat -c '%F %s' /dev/xvdf; readlink -f /dev/sdf ${byId}`)).toBe(
        `regular empty file ${GIB}\n/dev/xvdf\n/dev/xvdf`.replace('empty ', ''),
      )
      await out(MASTER, 'mkdir /data; printf XFSB | dd of=/dev/xvdf conv=notrunc status=none')
      expect(await run(MASTER, 'mount /dev/xvdf /data')).toMatchObject({
        exitCode: 32,
        stderr: expect.stringContaining('xfs is mounted by the kernel only'),
      })
      await out(MASTER, 'mkfs.ext4 -q -F -L small /dev/xvdf 64M && mount /dev/xvdf /data')
      expect(await run(MASTER, 'dd if=/dev/zero of=/data/big bs=1M count=100')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('No space left on device'),
      })
      await out(MASTER, 'umount /data; mkfs.ext4 -q -F -L mine /dev/sdf; mount /dev/sdf /data')
      expect(Number(await out(MASTER, 'df -B1 --output=size /data | tail -1'))).toBeLessThan(GIB)
      expect(await out(MASTER, 'blkid -o value -s TYPE /dev/xvdf; df --output=source /data | tail -1')).toBe(
        'ext4\n/dev/xvdf',
      )
      await out(MASTER, 'useradd -m ann; install -d -o ann /data/ann; su ann -c "echo hers > /data/ann/file"')
      expect(await out(MASTER, 'stat -c %U:%G /data/ann/file; su ann -c "touch /data/x" 2>&1 || true')).toMatch(
        /^ann:ann\n.*Permission denied/,
      )
      await out(MASTER, 'umount /data; e2fsck -fn /dev/xvdf')
      await out(MASTER, 'echo "LABEL=mine /data auto defaults,nofail 0 2" >> /etc/fstab; mount -a; mount -a')
      expect(await out(MASTER, 'grep -c " /data " /proc/mounts; cat /data/ann/file; umount /data; mount /data')).toBe(
        '1\nhers',
      )
      expect(await volumes.detach('i-2', 'vol-0a1')).toBe(false)
      await out(MASTER, 'umount /data; sed -i /mine/d /etc/fstab')
      await detached(MASTER, 'vol-0a1')
      await volumes.attach('i-3', { volume: 'vol-0a1', device: '/dev/sdh' })
      expect(await out(OTHER, 'mount -o ro /dev/xvdh /mnt; cat /mnt/ann/file; umount /mnt')).toBe('hers')
      expect((await run(OTHER, 'mount /dev/xvdx /mnt')).exitCode).toBe(32)
      await detached(OTHER, 'vol-0a1')
      await volumes.remove('vol-0a1')
    },
    SLOW,
  )

  test(
    'exported by one node, seen by another, through a reboot of the first; copied while it is written to; grown; taken away',
    async () => {
      await volumes.create('vol-0b1', { sizeGiB: 1 })
      await volumes.attach('i-2', { volume: 'vol-0b1', device: '/dev/sdg' })
      await out(
        MASTER,
        'mkfs.ext4 -q /dev/sdg; mkdir /shared; echo "/dev/sdg /shared ext4 defaults 0 2" >> /etc/fstab; mount -a',
      )
      await out(
        MASTER,
        'echo "/shared node001(rw,no_root_squash)" > /etc/exports; service nfs-kernel-server start; exportfs -fra',
      )
      await out(
        OTHER,
        'mkdir /shared; mount -t nfs master:/shared /shared; install -d -o 1001 /shared/ann; echo w > /shared/ann/w',
      )
      expect(await out(MASTER, 'stat -c %u /shared/ann; cat /shared/ann/w')).toBe('1001\nw')

      await out(MASTER, 'touch /run/before-reboot; (sleep 0.2; reboot) >/dev/null 2>&1 &')
      await machines.until('it is back', async () => {
        const seen = await run(MASTER, 'test ! -e /run/before-reboot && cat /shared/ann/w').catch(() => undefined)
        return seen?.stdout === 'w'
      })
      await out(OTHER, 'echo from other > /shared/ann/o')
      expect(await out(MASTER, 'cat /shared/ann/o; echo from master > /shared/ann/m')).toBe('from other')
      expect(await out(OTHER, 'cat /shared/ann/m')).toBe('from master')

      const writer = run(OTHER, 'cd /shared; n=0; until [ -e stop ]; do n=$((n+1)); echo $n > $n; mv $n last; done')
      await machines.until('it writes', async () => (await run(MASTER, 'test -e /shared/last')).exitCode === 0)
      await volumes.snapshot('vol-0b1', 'snap-1')
      await out(MASTER, 'touch /shared/stop')
      await writer
      await volumes.create('vol-0b2', { sizeGiB: 2, snapshot: 'snap-1' })
      await volumes.attach('i-3', { volume: 'vol-0b2', device: '/dev/sdh' })
      await run(OTHER, 'e2fsck -fp /dev/xvdh')
      expect(
        await out(OTHER, 'e2fsck -fn /dev/xvdh >&2; resize2fs /dev/xvdh >&2; mount /dev/xvdh /mnt; cat /mnt/ann/m'),
      ).toBe('from master')
      expect(Number(await out(OTHER, 'df -B1 --output=size /mnt | tail -1; umount /mnt'))).toBeGreaterThan(1.9 * GIB)
      await detached(OTHER, 'vol-0b2')

      expect(await volumes.detach('i-2', 'vol-0b1', { force: true })).toBe(true)
      for (const number of [MASTER, OTHER]) expect((await run(number, 'cat /shared/ann/m')).exitCode).toBe(1)
      await volumes.attach('i-3', { volume: 'vol-0b1', device: '/dev/sdh' })
      expect(await out(OTHER, 'e2fsck -fn /dev/xvdh >&2; mount /dev/xvdh /mnt; cat /mnt/ann/m; umount /mnt')).toBe(
        'from master',
      )
      await detached(OTHER, 'vol-0b1')
      for (const id of ['vol-0b1', 'vol-0b2']) await volumes.remove(id)
      await volumes.removeSnapshot('snap-1')
      const { volumes: left, snapshots } = await volumes.list()
      expect([...left.keys(), ...snapshots.keys()]).toEqual([])
    },
    SLOW,
  )
})
