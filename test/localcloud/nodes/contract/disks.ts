import { beforeAll, expect, test } from 'vitest'
import { type Machines, SLOW } from '../machines.js'

const ONE = 22
const TWO = 23

/** Snapshots, rollback and layers for images. */
export function disksContract(machines: () => Machines): void {
  const out = (...args: Parameters<Machines['out']>) => machines().out(...args)
  let layer = ''

  const boot = async (number: number) => {
    await machines().engine.boot(machines().spec(number))
    await machines().until('it is reached', async () => (await machines().run(number, 'true')).exitCode === 0)
  }
  const snapshot = async (number: number, name: string) => {
    await machines().engine.stop(`i-${number}`)
    await machines().engine.disks.snapshot(`i-${number}`, name)
    await boot(number)
  }
  const rollback = async (number: number, name: string) => {
    await machines().engine.stop(`i-${number}`)
    await machines().engine.disks.rollback(`i-${number}`, name)
    await boot(number)
  }

  beforeAll(async () => {
    await machines().engine.boot(machines().spec(ONE))
  }, SLOW)

  test(
    'a disk goes back to a named point and forth again, with its host keys',
    async () => {
      const key = await out(ONE, 'cat /etc/ssh/ssh_host_ed25519_key.pub')
      await out(ONE, 'mkdir -p /data/sub; echo one > /data/file; echo hidden > /data/sub/x; useradd -m ann')
      await snapshot(ONE, 'one')
      expect(await out(ONE, 'cat /data/file /data/sub/x; id -un ann')).toBe('one\nhidden\nann')
      await out(
        ONE,
        'echo two > /data/file; rm -r /data/sub; mkdir /data/sub; echo y > /data/sub/y; rm /etc/motd; touch /two',
      )
      await snapshot(ONE, 'two')
      await out(ONE, 'rm -rf /data; userdel ann')
      await rollback(ONE, 'one')
      expect(await out(ONE, 'cat /data/file /data/sub/*; ls /two /etc/motd 2>&1 || true; id -un ann')).toMatch(
        /^one\nhidden\n.*\/two.*\n\/etc\/motd\nann$/s,
      )
      await rollback(ONE, 'two')
      expect(await out(ONE, 'cat /data/file; ls /data/sub; ls /two')).toBe('two\ny\n/two')
      expect(await out(ONE, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).toBe(key)
      expect((await machines().engine.disks.snapshots(`i-${ONE}`)).map(({ name }) => name)).toEqual(['one', 'two'])
      expect(machines().exits).not.toContain(`i-${ONE}`)
    },
    SLOW,
  )

  test('a running machine, an unknown name and a name twice are refused', async () => {
    await expect(machines().engine.disks.snapshot(`i-${ONE}`, 'live')).rejects.toThrow('running')
    await expect(machines().engine.disks.snapshot(`i-${ONE}`, 'one')).rejects.toMatchObject({ code: 'SnapshotExists' })
    await expect(machines().engine.disks.rollback(`i-${ONE}`, 'none')).rejects.toMatchObject({
      code: 'SnapshotDoesNotExist',
    })
    await expect(machines().engine.disks.snapshot('i-99', 'one')).rejects.toMatchObject({ code: 'NoSuchDisk' })
    expect(await out(ONE, 'cat /data/file')).toBe('two')
  })

  test(
    'many snapshots: the chain is put together, every point stays what it was, forgotten ones are deleted',
    async () => {
      await machines().engine.stop(`i-${ONE}`)
      for (let turn = 1; turn <= 16; turn++) {
        await machines().engine.disks.snapshot(`i-${ONE}`, `n${turn}`)
        if (turn % 5 === 0) {
          await machines().engine.boot(machines().spec(ONE))
          await out(ONE, `echo ${turn} > /data/turn; rm -rf /data/last-*; touch /data/last-${turn}`)
          await machines().engine.stop(`i-${ONE}`)
        }
      }
      await machines().engine.boot(machines().spec(ONE))
      expect(
        await out(ONE, 'cat /data/turn /data/file; ls -d /data/last-*; ls /etc/motd /data/sub 2>/dev/null || true'),
      ).toBe('15\ntwo\n/data/last-15\n/data/sub:\ny')
      await rollback(ONE, 'n6')
      expect(await out(ONE, 'cat /data/turn; ls -d /data/last-*')).toBe('5\n/data/last-5')
      await rollback(ONE, 'one')
      expect(await out(ONE, 'cat /data/file /data/sub/*; ls /data')).toBe('one\nhidden\nfile\nsub')
      for (const { name } of await machines().engine.disks.snapshots(`i-${ONE}`)) {
        if (name !== 'two') await machines().engine.disks.forget(`i-${ONE}`, name)
      }
      expect(await out(ONE, 'cat /data/file')).toBe('one')
      await rollback(ONE, 'two')
      expect(await out(ONE, 'cat /data/file; ls /data/sub')).toBe('two\ny')
    },
    SLOW,
  )

  test(
    'a layer of a running machine has what was installed and nothing of its own; another machine stands on it',
    async () => {
      await out(
        ONE,
        'mkdir -p /opt/tool && echo tool > /opt/tool/x && ln -s x /opt/tool/link && chown ann: /opt/tool/x; rm -f /usr/bin/wget /etc/issue; echo secret > /root/.bash_history; echo secret > /home/ann/.mysql_history; echo kept > /root/notes; echo log > /var/log/mine.log; install -d -m 700 -o ann /home/ann/.ssh; echo k > /home/ann/.ssh/authorized_keys; echo "master:/home /home nfs rw 0 0" >> /etc/fstab; hostname changed; echo changed > /etc/hostname',
      )
      layer = await machines().engine.disks.capture(`i-${ONE}`, 'ami-1')
      expect(await machines().engine.disks.layers()).toEqual([layer])
      const three = machines().spec(TWO)
      expect(await machines().engine.boot({ ...three, layers: [layer, ...three.layers] })).toEqual({ firstBoot: true })
      expect(
        await out(
          TWO,
          'cat /root/notes /opt/tool/link; stat -c %U /opt/tool/x; cat /data/file; ls /data/sub; ls /etc/issue 2>&1 || true; hostname; grep -c nfs /etc/fstab || true',
        ),
      ).toMatch(/^kept\ntool\nann\ntwo\ny\n.*No such file.*\nip-10-78-5-23\n0$/s)
      expect(
        await out(
          TWO,
          'ls -d /root/.bash_history /home/ann/.mysql_history /home/ann/.ssh /var/log/mine.log 2>/dev/null || true',
        ),
      ).toBe('')
      const keys = await Promise.all(
        [ONE, TWO].map((n) => out(n, 'cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id')),
      )
      expect(keys[0]).not.toBe(keys[1])
    },
    SLOW,
  )

  test(
    'a snapshot and a layer of a stopped machine; a layer that is not wanted goes',
    async () => {
      await machines().engine.stop(`i-${TWO}`)
      await machines().engine.disks.snapshot(`i-${TWO}`, 'still')
      const second = await machines().engine.disks.capture(`i-${TWO}`, 'ami-2')
      expect((await machines().engine.disks.layers()).sort()).toEqual([layer, second].sort())
      await machines().engine.disks.removeLayer(second)
      expect(await machines().engine.disks.layers()).toEqual([layer])
    },
    SLOW,
  )
}
