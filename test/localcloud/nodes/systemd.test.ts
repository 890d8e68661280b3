import { existsSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { ownCgroupParent } from '../../../src/localcloud/nodes/own-cgroup.js'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

const [SERVER, CLIENT, PLAIN] = [71, 72, 73]
/** When process 1 began. */
const STARTED = "awk '{print $22}' /proc/1/stat"
const refusal = canRunNodes ? await ownCgroupParent('probe', 'self').then(() => undefined, String) : 'needs root'
if (refusal !== undefined) console.warn(`SKIPPED: tests of machines with systemd: ${refusal}`)

/** Machines whose process 1 is systemd, from an image of their own; the contract of other machines holds. */
describe.skipIf(refusal !== undefined)('a node with systemd', () => {
  const machines = new Machines()
  let layers: readonly string[] = []
  const boot = (number: number) => machines.engine.boot({ ...machines.spec(number), layers })
  const out = (command: string, input?: string) => machines.out(SERVER, command, input)
  const started = () => out(STARTED)
  const console_ = () => machines.engine.console('i-71')

  beforeAll(async () => {
    layers = (await new ImageStore(DISK_ROOT).ensureBase(undefined, 'systemd')).layers
    await machines.open()
    machines.userData.set(
      'i-71',
      Buffer.from('#!/bin/sh\necho "user data as $(ps -o comm= -p 1)"; echo once >> /root/first\n'),
    )
    expect(await boot(SERVER)).toEqual({ firstBoot: true })
  }, SLOW * 2)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'runs, with nothing failed, its own name, keys and network; user data ran once and is on the console',
    async () => {
      expect(await out('systemctl is-system-running --wait')).toBe('running')
      expect(await out('systemctl --failed --no-legend; ps -o args= -p 1; cat /root/first; hostnamectl hostname')).toBe(
        '/lib/systemd/systemd --system\nonce\nip-10-78-5-71',
      )
      expect(await out('cat /etc/resolv.conf; ip -4 -o addr show eth0')).toMatch(
        /\nnameserver 10\.78\.0\.3\n.* 10\.78\.5\.71\/16 /,
      )
      await machines.until('the console', async () => (await console_()).includes('user data as systemd'))
      expect(await console_()).toMatch(/BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 /)
      expect(await console_()).toContain('Boot finished at')
      expect(await machines.engine.usage('i-71')).toMatchObject({ processes: expect.any(Number) })
      expect((await machines.engine.usage('i-71')).processes).toBeGreaterThan(4)
    },
    SLOW,
  )

  test(
    'units, timers, sockets, the journal, control groups and sessions are systemd’s own',
    async () => {
      const unit = (name: string, text: string) => out(`cat > /etc/systemd/system/${name}`, text)
      await unit('work.service', '[Service]\nType=oneshot\nPrivateTmp=yes\nExecStart=/bin/sh -c "echo work done"\n')
      await unit('work.timer', '[Timer]\nOnActiveSec=100ms\nAccuracySec=1ms\n[Install]\nWantedBy=timers.target\n')
      await unit('hog.service', '[Service]\nExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=50ms\n')
      await unit('echo.socket', '[Socket]\nListenStream=7\nAccept=yes\n')
      await unit('echo@.service', '[Service]\nStandardInput=socket\nExecStart=/bin/cat\n')
      await out('systemctl daemon-reload; systemctl enable --now work.timer; systemctl start hog echo.socket')
      await machines.until('the timer', async () => (await out('journalctl -u work -o cat')).includes('work done'))
      expect(await out("bash -c 'exec 3<>/dev/tcp/127.0.0.1/7; echo heard >&3; read line <&3; echo $line'")).toBe(
        'heard',
      )
      const before = await out('systemctl show -p MainPID --value hog; cat /proc/self/cgroup')
      expect(before).toMatch(/0::\/user\.slice\/user-0\.slice\/session-\d+\.scope/)
      await out('systemctl kill -s KILL hog')
      await machines.until('its restart', async () => {
        const pid = await out('systemctl show -p MainPID --value hog')
        return pid !== '0' && pid !== before.split('\n')[0]
      })
      expect(await out('cat /sys/fs/cgroup/system.slice/hog.service/cgroup.procs')).toMatch(/^\d+$/)
      expect(await out('loginctl list-sessions --no-legend')).toMatch(/\broot\b/)
    },
    SLOW,
  )

  test(
    'reboots from inside, stops and starts, and keeps its disk and host key',
    async () => {
      const key = await out('cat /etc/ssh/ssh_host_ed25519_key.pub; cat /etc/machine-id')
      const first = await started()
      await machines.run(SERVER, 'systemctl reboot')
      await machines.until('another process 1', async () => {
        const now = await machines.run(SERVER, STARTED)
        return now.exitCode === 0 && now.stdout !== first
      })
      expect(await out('systemctl is-system-running --wait; cat /root/first')).toBe('running\nonce')
      expect(machines.exits).toEqual([])
      await machines.engine.stop('i-71')
      expect(await console_()).toMatch(/Reached target poweroff\.target|Powering off/)
      expect((await machines.engine.list()).get('i-71')).toBe('stopped')
      expect(await boot(SERVER)).toEqual({ firstBoot: false })
      expect(await out('cat /etc/ssh/ssh_host_ed25519_key.pub; cat /etc/machine-id')).toBe(key)
      await machines.run(SERVER, 'poweroff')
      await machines.until('its end', () => machines.exits.includes('i-71'))
      await boot(SERVER)
    },
    SLOW,
  )

  test(
    'shares its directories with nodes of either kind, at boot too',
    async () => {
      await Promise.all([boot(CLIENT), machines.engine.boot(machines.spec(PLAIN))])
      await out('mkdir -p /srv/all; echo shared > /srv/all/file; echo "/srv/all *(rw)" > /etc/exports')
      await out('systemctl restart nfs-kernel-server')
      for (const node of [CLIENT, PLAIN]) {
        const line = '10.78.5.71:/srv/all /mnt nfs rw,nofail,_netdev 0 0'
        await machines.out(node, `echo '${line}' >> /etc/fstab; mount /mnt; touch /mnt/${node}`)
      }
      expect(await out('ls /srv/all')).toBe('72\n73\nfile')
      await machines.engine.stop('i-72')
      await boot(CLIENT)
      expect(await machines.engine.sharesMounted('i-72')).toBe(true)
      expect(await machines.out(CLIENT, 'cat /mnt/file')).toBe('shared')
    },
    SLOW,
  )

  test(
    'mounts its volume at boot',
    async () => {
      const { volumes } = machines.engine
      const attachment = { volume: 'vol-0571', device: '/dev/sdf' }
      await volumes.create(attachment.volume, { sizeGiB: 1 })
      await volumes.attach('i-71', attachment)
      await out(
        'mkfs.ext4 -q -L data /dev/xvdf; mkdir /data; echo "LABEL=data /data auto defaults,nofail 0 2" >> /etc/fstab',
      )
      await out('mount /data; echo kept > /data/file')
      await machines.engine.stop('i-71')
      await machines.engine.boot({ ...machines.spec(SERVER), layers, volumes: [attachment] })
      await out('systemctl is-system-running --wait')
      expect(await out('cat /data/file; systemctl is-active data.mount')).toBe('kept\nactive')
      expect(await volumes.detach('i-71', attachment.volume, { force: true })).toBe(true)
      await volumes.remove(attachment.volume)
    },
    SLOW,
  )

  test(
    'is held to its limits, and leaves no control group',
    async () => {
      const root = '/sys/fs/cgroup/pids'
      if (existsSync(root)) expect(readdirSync(`${root}/starcluster-${machines.home}`)).toContain('i-72')
      const bomb =
        'while (@p < 700) { $p = fork; if (!defined $p) { print "refused"; last } $p or exec "sleep", 300; push @p, $p } kill 9, @p'
      expect(await machines.out(CLIENT, `perl -e '${bomb}'`)).toBe('refused')
      const parent = await ownCgroupParent(machines.home, 'self')
      await machines.engine.remove('i-72')
      expect(readdirSync(parent)).not.toContain('i-72')
    },
    SLOW,
  )
})

test('without a control group of version 2 the reason and the way on are told', async () => {
  const { stderr } = await import('node:child_process').then(({ spawnSync }) =>
    spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--import', 'tsx', '-e', REFUSED],
      { encoding: 'utf8', cwd: import.meta.dirname },
    ),
  )
  expect(stderr).toMatch(/a machine with systemd needs a control group of its own: .*(not yours|version 2)/)
})

const REFUSED = `import('${new URL('../../../src/localcloud/nodes/own-cgroup.ts', import.meta.url).pathname}')
  .then((it) => it.ownCgroupParent('x', process.pid)).catch((error) => console.error(error.message))`
