import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, Machines, SLOW } from './machines.js'

const MASTER = 2
const OTHER = 3
const GIB = 2 ** 30

/** Root of some containers may not: then ext4 grows only while it is not mounted. */
const mayGrowMounted =
  (Number.parseInt(/^CapEff:\t(.*)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!.slice(-8), 16) >>> 24) & 1
if (canRunNodes && !mayGrowMounted) console.warn('SKIPPED: growing a mounted ext4 needs CAP_SYS_RESOURCE')

describe.skipIf(!canRunNodes)('volumes', () => {
  const machines = new Machines()
  const { out, run } = { out: machines.out.bind(machines), run: machines.run.bind(machines) }
  const { engine } = machines
  const { volumes } = engine
  /** Loop devices of this home's volumes. */
  const loops = () =>
    execFileSync('losetup', ['-a'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`/homes/${machines.home}/volumes/`))
  const noLoops = () => machines.until('no loop device is left', () => loops().length === 0, 30_000)
  /** A volume with an ext4 file system, mounted at /data of a node. */
  const mounted = async (id: string, number = MASTER, device = '/dev/sdf') => {
    await volumes.create(id, { sizeGiB: 1 })
    await volumes.attach(`i-${number}`, { volume: id, device })
    const name = device.replace('/sd', '/xvd')
    await out(number, `mkfs.ext4 -q ${name} && mkdir -p /data && mount ${name} /data`)
  }
  const gone = async (id: string, number = MASTER) => {
    await volumes.detach(`i-${number}`, id, { force: true })
    await volumes.remove(id)
  }

  beforeAll(async () => {
    await machines.open()
    await Promise.all([MASTER, OTHER].map((number) => engine.boot(machines.spec(number))))
    for (const number of [MASTER, OTHER])
      await out(number, 'cat >> /etc/hosts', '10.78.5.2 master\n10.78.5.3 node001\n')
  }, SLOW)
  afterAll(async () => {
    await machines.dispose()
    await noLoops()
  }, SLOW)

  test(
    'a block device under its three names; the usual tools; no other disk of this computer is seen',
    async () => {
      await volumes.create('vol-0a1', { sizeGiB: 2 })
      await volumes.attach('i-2', { volume: 'vol-0a1', device: '/dev/sdg' })
      const byId = '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1'
      expect(await out(MASTER, `stat -c '%F %U:%G %a' /dev/xvdg; readlink -f /dev/sdg ${byId}`)).toBe(
        'block special file root:disk 660\n/dev/xvdg\n/dev/xvdg',
      )
      expect(await out(MASTER, 'lsblk -bno NAME,SIZE,TYPE; tail -n +3 /proc/partitions | wc -l')).toBe(
        `xvdg ${2 * GIB} disk\n1`,
      )
      await out(MASTER, `mkfs.ext4 -q -L mine ${byId}`)
      expect(await out(MASTER, 'blkid -o value -s TYPE /dev/sdg; file -sb /dev/xvdg')).toMatch(/^ext4\n.*ext4.*"mine"/)
      await out(MASTER, 'mkdir /data /named; mount /dev/sdg /data')
      await out(MASTER, 'useradd -m ann; install -d -o ann /data/ann; su ann -c "echo hers > /data/ann/file"')
      expect(await out(MASTER, 'stat -c %U:%G /data/ann/file; df --output=source /data | tail -1; umount /data')).toBe(
        'ann:ann\n/dev/xvdg',
      )
      await out(MASTER, 'echo "LABEL=mine /named auto defaults,nofail 0 2" >> /etc/fstab; mount -a; mount -a')
      expect(await out(MASTER, 'grep -c " /named " /proc/mounts; cat /named/ann/file; umount /named')).toBe('1\nhers')
      await out(MASTER, 'mount UUID=$(blkid -o value -s UUID /dev/xvdg) -o ro /named')
      expect((await run(MASTER, 'touch /named/x')).stderr).toContain('Read-only')
      expect(
        await out(MASTER, 'mount -o remount,rw /named; touch /named/x; umount /named; e2fsck -fn /dev/xvdg'),
      ).toContain('Pass 5')
      expect(await run(MASTER, 'mount /dev/xvdz /data')).toMatchObject({ exitCode: 32 })
      expect(await run(MASTER, 'mount -o errors=panic /dev/xvdg /data')).toMatchObject({
        exitCode: 32,
        stderr: expect.stringContaining('the option errors=panic cannot be used'),
      })
      expect(await run(MASTER, 'su ann -c "/sbin/mount.ext4 /dev/xvdg /data"')).toMatchObject({ exitCode: 32 })
      await out(MASTER, 'sed -i /named/d /etc/fstab; wipefs -qa /dev/xvdg')
      expect((await run(MASTER, 'mount -t ext4 /dev/xvdg /data')).stderr).toContain('bad superblock')
      expect(await volumes.detach('i-2', 'vol-0a1')).toBe(true)
      expect(await out(MASTER, `ls /dev/xvdg /dev/sdg ${byId} 2>/dev/null; lsblk`).catch(() => '')).toBe('')
      await volumes.remove('vol-0a1')
      await noLoops()
    },
    SLOW,
  )

  test(
    'root of a node cannot reach the host through a volume',
    async () => {
      await mounted('vol-0b1')
      await out(MASTER, 'umount /data; debugfs -w -R "mknod null c 1 3" /dev/xvdf; mount /dev/xvdf /data')
      expect(await out(MASTER, 'stat -c %F /data/null')).toBe('character special file')
      // Opening a device file needs a mount without nodev, which the kernel does not let the node have.
      for (const way of [
        'mount -o remount,bind,dev /data',
        'mount --bind /data /mnt; mount -o remount,bind,dev /mnt',
      ]) {
        expect((await run(MASTER, way)).exitCode).toBe(32)
        expect((await run(MASTER, 'cat /data/null')).stderr).toContain('Permission denied')
      }
      expect(
        (await run(MASTER, 'unshare -Urm sh -c "mount -o remount,bind,dev /data; cat /data/null"')).stderr,
      ).toContain('Permission denied')
      await out(MASTER, 'umount /mnt; umount /data; touch /kept; mount --bind /dev/xvdf /kept')
      for (const call of [0x4c00, 0x4c01, 0x4c04, 0x4c06, 0x4c08, 0x4c0a]) {
        const attempt = `open F, "+<", "/dev/xvdf" or die; ioctl(F, ${call}, 0) and die; print "$!\\n"`
        expect(await out(MASTER, `perl -e '${attempt}'`)).toBe('Operation not permitted')
      }
      // Another use of the same loop device is not open to a copy of its file.
      expect(await volumes.detach('i-2', 'vol-0b1')).toBe(true)
      expect((await run(MASTER, 'head -c 1 /kept')).stderr).toMatch(/Permission denied|No such device/)
      await out(MASTER, 'umount /kept')
      await volumes.remove('vol-0b1')
    },
    SLOW,
  )

  test(
    'its size is a limit, in the node and not on the host',
    async () => {
      await mounted('vol-0c1')
      const full = await run(MASTER, 'dd if=/dev/zero of=/data/big bs=1M count=1100')
      expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No space left on device') })
      expect((await volumes.list()).volumes.get('vol-0c1')).toBeGreaterThan(0.8 * GIB)
      await out(MASTER, 'rm /data/big; fstrim /data || true')
      await gone('vol-0c1')
    },
    SLOW,
  )

  test(
    'data moves from node to node; a mounted volume is busy; a second attachment is refused',
    async () => {
      await mounted('vol-0d1')
      await out(MASTER, 'echo moved > /data/file; chown 1234:1234 /data/file')
      expect(await volumes.detach('i-2', 'vol-0d1')).toBe(false)
      expect(await out(MASTER, 'cat /data/file')).toBe('moved')
      await expect(volumes.attach('i-3', { volume: 'vol-0d1', device: '/dev/sdf' })).rejects.toMatchObject({
        code: 'VolumeInUse',
      })
      await expect(volumes.remove('vol-0d1')).rejects.toMatchObject({ code: 'VolumeInUse' })
      await volumes.create('vol-0d2', { sizeGiB: 1 })
      for (const [device, why] of [
        ['/dev/sdf', 'has a volume at /dev/sdf already'],
        ['/dev/null', 'File exists'],
        ['/etc/passwd', 'not the name of a device'],
      ] as const)
        await expect(volumes.attach('i-2', { volume: 'vol-0d2', device })).rejects.toThrow(why)
      await volumes.remove('vol-0d2')
      await out(MASTER, 'umount /data')
      expect(await volumes.detach('i-2', 'vol-0d1')).toBe(true)
      expect(await volumes.detach('i-2', 'vol-0d1')).toBe(true)
      await volumes.attach('i-3', { volume: 'vol-0d1', device: '/dev/sdh' })
      await out(OTHER, 'mkdir /data; mount /dev/xvdh /data')
      expect(await out(OTHER, 'cat /data/file; stat -c %u:%g /data/file; umount /data')).toBe('moved\n1234:1234')
      await gone('vol-0d1', OTHER)
      await expect(volumes.attach('i-3', { volume: 'vol-0d1', device: '/dev/sdh' })).rejects.toMatchObject({
        code: 'NoSuchVolume',
      })
    },
    SLOW,
  )

  test(
    'taken away by force: who uses it gets errors, what was written is kept',
    async () => {
      await mounted('vol-0e1')
      await out(MASTER, 'echo kept > /data/file')
      const writer = run(MASTER, 'cd /data; while echo more >> log; do sleep 0.05; done 2>&1')
      await machines.until('it writes', async () => (await run(MASTER, 'test -s /data/log')).exitCode === 0)
      expect(await volumes.detach('i-2', 'vol-0e1', { force: true })).toBe(true)
      expect((await writer).stdout).toContain('Input/output error')
      expect(await run(MASTER, 'grep /data /proc/mounts; ls /dev/xvdf')).toMatchObject({ stdout: '' })
      await noLoops()
      await volumes.attach('i-3', { volume: 'vol-0e1', device: '/dev/sdf' })
      expect(await out(OTHER, 'mkdir -p /data; mount /dev/xvdf /data; cat /data/file')).toBe('kept')
      // On a busy computer somebody who looked at the new mount may still be at it.
      await machines.until('it can be unmounted', async () => (await run(OTHER, 'umount /data')).exitCode === 0)
      await gone('vol-0e1', OTHER)
    },
    SLOW,
  )

  test(
    'a snapshot of a volume that is written to has a whole file system, also larger',
    async () => {
      await mounted('vol-0f1')
      const sum = 'sha256sum < /data/random'
      const before = await out(MASTER, `echo before > /data/file; head -c 20M /dev/urandom > /data/random; ${sum}`)
      const writer = run(MASTER, 'cd /data; n=0; until [ -e stop ]; do n=$((n+1)); echo $n > $n; mv $n last; done')
      await machines.until('it writes', async () => (await run(MASTER, 'test -e /data/last')).exitCode === 0)
      await volumes.snapshot('vol-0f1', 'snap-1')
      await out(MASTER, 'touch /data/stop; echo after > /data/file')
      expect((await writer).exitCode).toBe(0)
      await volumes.create('vol-0f2', { sizeGiB: 2, snapshot: 'snap-1' })
      await volumes.removeSnapshot('snap-1')
      await volumes.attach('i-3', { volume: 'vol-0f2', device: '/dev/sdf' })
      expect(await out(OTHER, 'e2fsck -n /dev/xvdf; mkdir -p /data; mount /dev/xvdf /data; cat /data/file')).toMatch(
        /clean|journal[\s\S]*before$/,
      )
      expect(
        await out(
          OTHER,
          'umount /data; e2fsck -fp /dev/xvdf; resize2fs /dev/xvdf 2>&1; mount /dev/xvdf /data; cat /data/file',
        ),
      ).toMatch(/now 524288[\s\S]*before$/)
      expect(await out(OTHER, sum)).toBe(before)
      expect([...(await volumes.list()).snapshots.keys()]).toEqual([])
      await out(OTHER, 'umount /data')
      await gone('vol-0f2', OTHER)
      await gone('vol-0f1')
      await expect(volumes.create('vol-0f3', { sizeGiB: 1, snapshot: 'snap-1' })).rejects.toMatchObject({
        code: 'SnapshotDoesNotExist',
      })
    },
    SLOW,
  )

  test(
    'grows while it is attached; the node sees it at once',
    async () => {
      await mounted('vol-0g1')
      await volumes.grow('vol-0g1', 2)
      expect(await out(MASTER, 'blockdev --getsize64 /dev/xvdf; lsblk -bno SIZE /dev/xvdf')).toBe(
        `${2 * GIB}\n${2 * GIB}`,
      )
      if (mayGrowMounted) {
        expect(await out(MASTER, 'resize2fs /dev/xvdf')).toContain('524288 blocks')
      } else {
        const refused = await run(MASTER, 'resize2fs /dev/xvdf')
        expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('umount it') })
        await out(MASTER, 'umount /data; e2fsck -fp /dev/xvdf; resize2fs /dev/xvdf; mount /dev/xvdf /data')
      }
      expect(Number(await out(MASTER, 'df -B1 --output=size /data | tail -1'))).toBeGreaterThan(1.9 * GIB)
      await gone('vol-0g1')
    },
    SLOW,
  )

  test(
    'xfs: made with the package of the distribution, grown while it is mounted',
    async () => {
      await volumes.create('vol-0x1', { sizeGiB: 1 })
      await volumes.attach('i-2', { volume: 'vol-0x1', device: '/dev/sdx' })
      await out(
        MASTER,
        'apt-get -qq install -y xfsprogs >/tmp/apt 2>&1 || { cat /tmp/apt; exit 1; }; mkfs.xfs -q /dev/xvdx && mkdir -p /x',
      )
      await out(MASTER, 'mount -t xfs -o noatime,nouuid /dev/xvdx /x && echo x > /x/file && chown 1234 /x/file')
      await volumes.grow('vol-0x1', 2)
      await out(MASTER, 'xfs_growfs /x')
      expect(Number(await out(MASTER, 'df -B1 --output=size /x | tail -1'))).toBeGreaterThan(1.9 * GIB)
      await volumes.snapshot('vol-0x1', 'snap-x')
      await out(MASTER, 'umount /x; xfs_repair -n /dev/xvdx; mount /dev/xvdx /x')
      await volumes.create('vol-0x2', { sizeGiB: 2, snapshot: 'snap-x' })
      await volumes.attach('i-2', { volume: 'vol-0x2', device: '/dev/sdy' })
      // Two of the same UUID at once, as on EC2.
      expect(
        await out(MASTER, 'mkdir /y; mount -o nouuid /dev/xvdy /y; cat /y/file; stat -c %u /y/file; umount /y'),
      ).toBe('x\n1234')
      await volumes.removeSnapshot('snap-x')
      await gone('vol-0x2')
      await gone('vol-0x1')
    },
    SLOW,
  )

  test(
    'mounted and exported by one node, seen by another, through stop, reboot and termination of the first',
    async () => {
      const volume = { volume: 'vol-0h1', device: '/dev/sdz' }
      await volumes.create('vol-0h1', { sizeGiB: 1 })
      await engine.stop('i-2')
      await engine.boot({ ...machines.spec(MASTER), volumes: [volume] })
      await out(
        MASTER,
        'mkfs.ext4 -q /dev/sdz; mkdir -p /shared; echo "/dev/sdz /shared ext4 defaults 0 2" >> /etc/fstab; mount /shared',
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
      // One file system, however often it was mounted: both see what the other writes.
      await out(OTHER, 'echo from other > /shared/ann/o')
      expect(await out(MASTER, 'cat /shared/ann/o; echo from master > /shared/ann/m')).toBe('from other')
      expect(await out(OTHER, 'cat /shared/ann/m; chown 1002 /shared/ann/m; stat -c %u /shared/ann/m')).toBe(
        'from master\n1002',
      )

      await engine.remove('i-2')
      expect(await out(OTHER, 'cat /shared/ann/m')).toBe('from master')
      // Deleted with its instance: who still has it over NFS loses it.
      await volumes.remove('vol-0h1')
      expect((await run(OTHER, 'cat /shared/ann/m')).stderr).toMatch(/No such file|Input\/output error/)
      await noLoops()
      await engine.boot(machines.spec(MASTER))
    },
    SLOW,
  )

  test(
    'a killed copy leaves the file system at work',
    async () => {
      await mounted('vol-0j1')
      await out(MASTER, 'head -c 300M /dev/urandom > /data/big; sync')
      const snapshot = volumes.snapshot('vol-0j1', 'snap-j').catch((error: Error) => error)
      const copier = () =>
        spawnSync('pgrep', ['-nf', `^starcluster-supervisor .*${machines.home}`], { encoding: 'utf8' }).stdout.trim()
      await machines.until(
        'it copies',
        () => spawnSync('pgrep', ['-f', `^cp --reflink.*${machines.home}.*snap-j`]).status === 0,
      )
      process.kill(Number(copier()), 'SIGKILL')
      expect(await snapshot).toBeInstanceOf(Error)
      expect(await out(MASTER, 'echo goes on > /data/file; sync; cat /data/file')).toBe('goes on')
      expect([...(await volumes.list()).snapshots.keys()]).toEqual([])
      await gone('vol-0j1')
    },
    SLOW,
  )

  test(
    'a killed supervisor, also in the middle of a snapshot, leaves no loop device, and the data',
    async () => {
      await mounted('vol-0k1')
      await out(MASTER, 'echo safe > /data/file; sync; head -c 300M /dev/urandom > /data/big; sync')
      const snapshot = volumes.snapshot('vol-0k1', 'snap-k').catch((error: Error) => error)
      await machines.until('it copies', () => {
        const found = spawnSync('pgrep', ['-f', `^cp --reflink.*${machines.home}.*snap-k`])
        return found.status === 0
      })
      // The oldest: its children have its name.
      const pid = execFileSync('pgrep', ['-of', `^starcluster-supervisor .*${machines.home}`])
      machines.exits.length = 0
      process.kill(Number(pid), 'SIGKILL')
      expect(await snapshot).toBeInstanceOf(Error)
      await machines.until('the engine knows', () => machines.exits.includes('i-2'))
      await engine.boot({ ...machines.spec(MASTER), volumes: [{ volume: 'vol-0k1', device: '/dev/sdf' }] })
      expect(await out(MASTER, 'mount /dev/xvdf /data; cat /data/file')).toBe('safe')
      expect([...(await volumes.list()).snapshots.keys()]).toEqual([])
      await engine.stop('i-2')
      await noLoops()
      await volumes.remove('vol-0k1')
      await engine.boot(machines.spec(MASTER))
    },
    SLOW,
  )
})
