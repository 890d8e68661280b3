import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { type Machines, SLOW } from '../machines.js'

/** Boot, login, user data, console, metadata, stop and start, reboot. Leaves 2, 3 and 4 running. */
export function lifeContract(machines: () => Machines): void {
  const out = (...args: Parameters<Machines['out']>) => machines().out(...args)
  const run = (...args: Parameters<Machines['run']>) => machines().run(...args)

  beforeAll(() => {
    machines().userData.set(
      'i-2',
      Buffer.from('#!/bin/sh\necho user data of $(hostname)\necho ran >> /root/user-data-ran\n'),
    )
    const config =
      '#cloud-config\nruncmd:\n - echo from cloud-config > /root/cc\n - [sh, -c, "echo $0 >> /root/cc", "two words"]\nssh_authorized_keys:\n - ssh-ed25519 AAAAexample me\n'
    machines().userData.set('i-3', Buffer.from(config))
  })

  test(
    'three boot at once, are reached by ssh, with keys, names and user data',
    async () => {
      const reports = await Promise.all([2, 3, 4].map((number) => machines().engine.boot(machines().spec(number))))
      expect(reports).toEqual([2, 3, 4].map(() => ({ firstBoot: true })))
      expect(await machines().engine.boot(machines().spec(2))).toEqual({ firstBoot: false })
      expect([...(await machines().engine.list())].sort()).toEqual(
        [2, 3, 4].map((number) => [`i-${number}`, 'running']),
      )
      expect(await out(2, 'hostname; getent hosts $(hostname)')).toMatch(/^ip-10-78-5-2\n10\.78\.5\.2 +ip-10-78-5-2$/)
      await machines().until('user data ran', async () =>
        (await machines().engine.console('i-2')).includes('Boot finished'),
      )
      expect(await machines().engine.console('i-2')).toContain('user data of ip-10-78-5-2')
      await machines().until('cloud-config ran', async () =>
        (await machines().engine.console('i-3')).includes('Boot finished'),
      )
      expect(await out(3, 'cat /root/cc; cat /root/.ssh/authorized_keys')).toContain('from cloud-config\ntwo words\n')
      expect(await out(3, 'cat /root/.ssh/authorized_keys')).toContain('ssh-ed25519 AAAAexample me')
    },
    SLOW,
  )

  test(
    'the console shows the host key that sshd then presents',
    async () => {
      const text = await machines().engine.console('i-2')
      const key = /-----BEGIN SSH HOST KEY KEYS-----\n(ssh-ed25519 \S+).*\n-----END SSH HOST KEY KEYS-----/.exec(
        text,
      )?.[1]
      expect(await out(2, 'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub')).toBe(key)
      const scanned = execFileSync('ssh-keyscan', [
        '-t',
        'ed25519',
        '-p',
        '22022',
        machines().spec(2).publicIp,
      ]).toString()
      expect(scanned).toContain(key)
      const print = /BEGIN SSH HOST KEY FINGERPRINTS-----\n256 (SHA256:\S+)/.exec(text)?.[1]
      expect(execFileSync('ssh-keygen', ['-lf', '-'], { input: key ?? '' }).toString()).toContain(print)
    },
    SLOW,
  )

  test(
    'the metadata service wants a token and answers for who asks',
    async () => {
      expect(await out(2, 'curl -s -o /dev/null -w "%{http_code}" http://169.254.169.254/latest/meta-data/')).toBe(
        '401',
      )
      const token =
        'T=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token); get() { curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/$1; echo; }'
      expect(
        await out(2, `${token}; get meta-data/instance-id; get meta-data/placement/; get user-data | head -1`),
      ).toBe('i-2\navailability-zone\n#!/bin/sh')
      expect(await out(4, `${token}; get meta-data/instance-id`)).toBe('i-4')
    },
    SLOW,
  )

  test(
    'stop and start keep disk, host key and address; user data does not run again',
    async () => {
      const key = await out(2, 'cat /etc/ssh/ssh_host_ed25519_key.pub; echo kept > /root/kept')
      await machines().engine.stop('i-2')
      expect((await machines().engine.list()).get('i-2')).toBe('stopped')
      expect((await run(2, 'true')).exitCode).toBe(255)
      expect(await machines().engine.boot(machines().spec(2))).toEqual({ firstBoot: false })
      expect(await out(2, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).toBe(key)
      expect(await out(2, 'cat /root/kept /root/user-data-ran; hostname -I')).toMatch(/^kept\nran\n10\.78\.5\.2\s*$/)
      expect(machines().exits).toEqual([])
    },
    SLOW,
  )

  test(
    'reboot from inside comes back by itself, poweroff from inside is told',
    async () => {
      await out(3, 'touch /run/this-boot; hostname renamed; echo renamed > /etc/hostname')
      await run(3, 'reboot')
      await machines().until('it is back', async () => (await run(3, 'test ! -e /run/this-boot')).exitCode === 0)
      expect(await out(3, 'hostname')).toBe('renamed')
      expect(machines().exits).toEqual([])
      await run(3, 'shutdown -h now')
      await machines().until('its end is told', () => machines().exits.includes('i-3'))
      expect((await machines().engine.list()).get('i-3')).toBe('stopped')
      await machines().engine.boot(machines().spec(3))
    },
    SLOW,
  )
}
