import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, Machines, SLOW } from './machines.js'

const MASTER = 2
const WORKER = 3

describe.skipIf(!canRunNodes)('directories shared between nodes', () => {
  const machines = new Machines()
  const { out, run } = { out: machines.out.bind(machines), run: machines.run.bind(machines) }

  beforeAll(async () => {
    await machines.open()
    await Promise.all([MASTER, WORKER].map((number) => machines.engine.boot(machines.spec(number))))
    for (const number of [MASTER, WORKER])
      await out(number, 'cat >> /etc/hosts', '10.78.5.2 master\n10.78.5.3 node001\n')
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'what is not exported is refused',
    async () => {
      const refused = await run(WORKER, 'mount -t nfs master:/home /home')
      expect(refused).toMatchObject({ exitCode: 32 })
      expect(refused.stderr).toContain('access denied by server while mounting master:/home')
    },
    SLOW,
  )

  test(
    'an exported directory is mounted, both see what the other writes, owners are kept',
    async () => {
      await out(
        MASTER,
        'echo "/home node001(async,no_root_squash,no_subtree_check,rw)" > /etc/exports; service nfs-kernel-server start; exportfs -fra',
      )
      await out(MASTER, 'mkdir /home/ann && chown 1001:1001 /home/ann && echo from master > /home/ann/m')
      await out(WORKER, 'mount -t nfs -o vers=3,user=root,rw,exec,noauto master:/home /home')
      expect(await out(WORKER, 'cat /home/ann/m; stat -c %u:%g /home/ann; echo from worker > /home/ann/w')).toBe(
        'from master\n1001:1001',
      )
      expect(await out(MASTER, 'cat /home/ann/w')).toBe('from worker')
      expect(await out(WORKER, 'showmount -e master')).toBe('Export list for master:\n/home node001')
    },
    SLOW,
  )

  test(
    'fstab and mount -a work, twice makes one mount, umount takes it away',
    async () => {
      await out(
        WORKER,
        'umount /home; echo "master:/home /home nfs vers=3,rw 0 0" >> /etc/fstab; mount -a -t nfs; mount -a -t nfs',
      )
      expect(await out(WORKER, 'grep -c " /home " /proc/mounts')).toBe('1')
      expect(await out(WORKER, 'ls /home; umount /home; ls /home')).toBe('ann')
      await out(WORKER, 'mount /home')
    },
    SLOW,
  )

  test(
    "ro cannot be written, by the client's wish or the exporter's",
    async () => {
      await out(WORKER, 'mkdir -p /ro && mount -t nfs -o ro master:/home/ann /ro')
      expect((await run(WORKER, 'touch /ro/x')).stderr).toContain('Read-only file system')
      await out(
        MASTER,
        'mkdir -p /srv/data && echo "/srv/data 10.78.5.0/24(ro,no_subtree_check)" >> /etc/exports && exportfs -ra',
      )
      await out(WORKER, 'umount /ro; mount -t nfs master:/srv/data /ro')
      expect((await run(WORKER, 'touch /ro/x')).stderr).toContain('Read-only file system')
      expect((await run(WORKER, 'mount -t nfs -o retry=0 master:/etc /ro')).stderr).toContain('access denied')
      await out(WORKER, 'umount /ro')
    },
    SLOW,
  )

  test(
    'bad requests are told apart',
    async () => {
      expect((await run(WORKER, 'mount -t nfs nowhere:/home /mnt')).stderr).toContain(
        'Failed to resolve server nowhere',
      )
      expect((await run(WORKER, 'mount -t nfs -o retry=0 10.78.9.9:/home /mnt')).stderr).toContain('Connection refused')
      expect((await run(WORKER, 'mount -t nfs master:/home /not/there')).stderr).toMatch(/mount point/)
      const plain = await run(WORKER, 'useradd -m -u 1005 ben; su ben -c "/sbin/mount.nfs master:/home /tmp"')
      expect(plain.exitCode).not.toBe(0)
      expect(plain.stderr).toContain('must be superuser')
    },
    SLOW,
  )

  const ways: [string, () => Promise<void>][] = [
    [
      'rebooted from inside',
      async () => {
        const before = await out(MASTER, 'cat /proc/sys/kernel/random/uuid > /run/this-boot; cat /run/this-boot')
        await run(MASTER, 'reboot')
        await machines.until('the master is back', async () => {
          const now = await run(MASTER, 'cat /run/this-boot 2>/dev/null || echo new')
          return now.exitCode === 0 && now.stdout !== before
        })
      },
    ],
    [
      'stopped and started',
      async () => {
        await machines.engine.stop('i-2')
        await machines.engine.boot(machines.spec(MASTER))
      },
    ],
    [
      'killed and started',
      async () => {
        await machines.engine.stop('i-2', { force: true })
        await machines.engine.boot(machines.spec(MASTER))
      },
    ],
  ]
  test.each(ways)(
    "the master is %s while a worker holds files open: each then reads the other's new file",
    async (_way, restart) => {
      await out(
        WORKER,
        '(exec 3>>/home/held; exec 4</home/ann/m; echo $BASHPID > /run/holder; while sleep 0.1; do echo tick >&3; done) >/dev/null 2>&1 </dev/null &',
      )
      await machines.until('the worker writes', async () => (await run(MASTER, 'test -s /home/held')).exitCode === 0)
      await restart()
      const [a, b] = [`m-${Date.now()}`, `w-${Date.now()}`]
      await out(MASTER, `echo ${a} > /home/${a}; ls /home`)
      expect(await out(WORKER, `cat /home/${a}; echo ${b} > /home/${b}`)).toBe(a)
      expect(await out(MASTER, `cat /home/${b}`)).toBe(b)
      const size = Number(await out(MASTER, 'stat -c %s /home/held'))
      await machines.until(
        'the held file grows on the master',
        async () => Number(await out(MASTER, 'stat -c %s /home/held')) > size,
      )
      await out(WORKER, 'kill $(cat /run/holder); rm /home/held')
    },
    SLOW,
  )
})
