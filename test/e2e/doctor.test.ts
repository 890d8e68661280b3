import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, runCli } from '../support/cli.js'
import { canMakeUser, OrdinaryUser } from '../support/ordinary-user.js'

/** Each lack is made in a mount namespace of the run's own: the program looks at files, programs and a kernel as they would be. */
describe.skipIf(!canMakeUser)(
  'local doctor says what an ordinary user lacks, what that costs, and the command that mends it',
  () => {
    let user: OrdinaryUser
    beforeAll(() => {
      user = new OrdinaryUser()
    })
    afterAll(() => user.remove())

    const doctor = (view: string, env: NodeJS.ProcessEnv = {}): Promise<CliResult> => {
      const cli = user.cli({ tun: true, view })
      return runCli(['local', 'doctor'], { ...cli, env: { ...cli.env, ...env } })
    }
    /** `name: detail`, with its cost and mend. */
    const check = ({ stdout }: CliResult, name: string) =>
      new RegExp(`^(ok|MISSING|warning) +${name}: (.*)(?:\\n +costs: (.*)\\n +mend: +(.*))?`, 'm')
        .exec(stdout)
        ?.slice(1) ?? stdout
    /** A program that is found instead of the real one. */
    const instead = (name: string, script: string) =>
      `mount -t tmpfs none /mnt; printf '%s\\n' '#!/bin/sh' '${script}' > /mnt/${name}; chmod 755 /mnt/${name}; chmod 755 /mnt`

    test('all is there: ready, status 0; what only costs something is a warning', async () => {
      const result = await doctor('')
      expect(result.stdout).toMatch(/^ready$/m)
      expect(result.status).toBe(0)
      expect(check(result, 'disk size limits')).toEqual([
        'warning',
        expect.any(String),
        expect.stringContaining('fills this disk'),
        expect.any(String),
      ])
      expect(check(result, 'cgroup limits')).toEqual([
        'warning',
        'not limited: memory, pids, cpu',
        expect.stringContaining('all memory'),
        expect.stringMatching(/systemd-run --user --scope -p Delegate=yes|sudo -i/),
      ])
    })

    test('control groups that are his', async () => {
      await user.giveGroups()
      if (user.groups.length > 0)
        expect(check(await doctor(''), 'cgroup limits')).toEqual([
          'ok',
          expect.stringContaining('memory'),
          undefined,
          undefined,
        ])
      for (const group of user.groups.splice(0)) execFileSync('rmdir', [group])
    })

    test.skipIf(!existsSync('/dev/fuse'))('/dev/fuse for everyone, and not', async () => {
      const fuse = (mode: string) =>
        `mount -t tmpfs none /mnt; mknod -m ${mode} /mnt/fuse c 10 229; mount --bind /mnt/fuse /dev/fuse; umount -l /mnt`
      expect(check(await doctor(fuse('666')), '/dev/fuse')).toEqual(['ok', 'machines have it', undefined, undefined])
      expect(check(await doctor(fuse('600')), '/dev/fuse')).toEqual([
        'warning',
        'cannot be opened by everyone',
        expect.stringContaining('sshfs'),
        'sudo chmod 666 /dev/fuse',
      ])
    })

    const required = async (
      result: CliResult,
      name: string,
      wants: { detail: string | RegExp; mend: string | RegExp },
    ) => {
      const [state, detail, cost, mend] = check(result, name)
      expect(state, result.stdout).toBe('MISSING')
      expect(detail).toMatch(wants.detail)
      expect(cost).toContain('no machines')
      expect(mend).toMatch(wants.mend)
      expect(result.stdout).toMatch(new RegExp(`^not ready: .*${name}`, 'm'))
      expect(result.status).toBe(1)
    }

    test('ids in /etc/subuid', async () => {
      const result = await doctor('mount --bind /dev/null /etc/subuid')
      await required(result, 'ids in /etc/subuid', {
        detail: `no ids for ${user.name}`,
        mend: new RegExp(`^sudo usermod --add-subuids \\d+-\\d+ ${user.name}$`),
      })
    })

    test('newuidmap that is not setuid', async () => {
      const result = await doctor(
        'cp /usr/bin/newuidmap /mnt/plain 2>/dev/null || { mount -t tmpfs none /mnt; cp /usr/bin/newuidmap /mnt/plain; chmod 755 /mnt; }; chmod 755 /mnt/plain; mount --bind /mnt/plain /usr/bin/newuidmap',
      )
      await required(result, 'newuidmap \\(uidmap\\)', {
        detail: 'does not run with the rights of root',
        mend: /^sudo chmod u\+s \/.*newuidmap$/,
      })
    })

    test('no newuidmap at all', async () => {
      const result = await doctor('mount --bind /dev/null /usr/bin/newuidmap')
      await required(result, 'newuidmap \\(uidmap\\)', {
        detail: 'not installed',
        mend: /^sudo apt-get install -y uidmap$/,
      })
    })

    test("AppArmor's restriction, as Ubuntu has it; what hangs on it is not blamed on something else", async () => {
      const refuse =
        'case "$*" in *-Ur*) echo "unshare: write failed /proc/self/uid_map: Operation not permitted" >&2; exit 1;; esac; exec /usr/bin/unshare "$@"'
      const kernel =
        'mkdir -p /mnt/kernel; cat /proc/sys/kernel/osrelease > /mnt/kernel/osrelease; echo 1 > /mnt/kernel/apparmor_restrict_unprivileged_userns; mount --bind /mnt/kernel /proc/sys/kernel'
      const result = await doctor(`${instead('unshare', refuse)}; ${kernel}`, { PATH: `/mnt:${process.env.PATH}` })
      await required(result, 'rights in user namespaces', {
        detail: 'Operation not permitted',
        mend: /^sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0$/,
      })
      expect(check(result, 'proc in namespaces').at(3)).toBe('first mend: rights in user namespaces')
    })

    test('user namespaces that the kernel refuses', async () => {
      const refuse = 'echo "unshare: unshare failed: No space left on device" >&2; exit 1'
      const result = await doctor(instead('unshare', refuse), { PATH: `/mnt:${process.env.PATH}` })
      await required(result, 'user namespaces', {
        detail: 'No space left on device',
        mend: /^sudo sysctl -w user.max_user_namespaces=15000/,
      })
      expect(check(result, 'rights in user namespaces').at(3)).toBe('first mend: user namespaces')
    })

    test('a masked /proc, as in a container', async () => {
      const result = await doctor('mount -t tmpfs none /proc/tty')
      await required(result, 'proc in namespaces', {
        detail: /./,
        mend: /outside of a container.*systempaths=unconfined/,
      })
    })

    test('disks where an overlay cannot be: on an overlay', async () => {
      const overlay = `mount -t tmpfs none /mnt; cd /mnt; mkdir l u w m; chown ${user.name} u w; mount -t overlay none m -o lowerdir=l,upperdir=u,workdir=w; chown ${user.name} m; chmod 755 /mnt; cd /`
      const result = await doctor(overlay, { STARCLUSTER_DISK_ROOT: '/mnt/m' })
      await required(result, 'overlay in user namespaces', {
        detail: /./,
        mend: /STARCLUSTER_DISK_ROOT to a directory on ext4/,
      })
    })
  },
)
