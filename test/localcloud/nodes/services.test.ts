import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, Machines, SLOW } from './machines.js'

const NODE = 21

/** `systemctl` and `service` without systemd: unit files are run, init scripts too; packages and plugins see one thing. */
describe.skipIf(!canRunNodes)('services of a node', () => {
  const machines = new Machines()
  const out = (command: string, input?: string) => machines.out(NODE, command, input)
  const run = (command: string) => machines.run(NODE, command)
  const unit = (name: string, text: string) => out(`cat > /etc/systemd/system/${name}`, text)
  const log = (name: string) => out(`cat /var/log/services/${name}.log`)

  beforeAll(async () => {
    await machines.open()
    await machines.engine.boot(machines.spec(NODE))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'a hand-written unit: started as its user with its environment, enabled, reloaded, stopped, shown',
    async () => {
      await out('useradd -r -G adm worker; printf \'GREETING="hello there"\\nEMPTY=\\n\' > /etc/default/worker')
      await unit(
        'worker.service',
        `[Unit]
Description=A worker
[Service]
User=worker
Environment="TWO=two words" ONE=1
EnvironmentFile=/etc/default/worker
EnvironmentFile=-/etc/default/not-there
RuntimeDirectory=worker
StateDirectory=worker
WorkingDirectory=/var/lib/worker
ExecStartPre=/bin/sh -c 'echo before by $(id -un)'
ExecStartPre=-/bin/false
ExecStart=/bin/sh -c 'trap "echo reloaded" HUP; echo "as $(id -un) in $(pwd): \${GREETING}, $$TWO, %n"; \\
  touch $RUNTIME_DIRECTORY/here; while :; do sleep 1000 & wait; done' 
ExecReload=/bin/kill -HUP $MAINPID
ExecStopPost=+/bin/sh -c 'echo after by $(id -un)'
[Install]
WantedBy=multi-user.target
`,
      )
      expect((await run('systemctl is-active worker')).stdout).toBe('inactive')
      expect(await run('systemctl is-enabled worker')).toMatchObject({ stdout: 'disabled', exitCode: 1 })
      await out('systemctl daemon-reload && systemctl enable --now worker.service')
      expect(await out('systemctl is-active worker; systemctl is-enabled worker.service')).toBe('active\nenabled')
      expect(await out('stat -c %U /run/worker/here /var/lib/worker')).toBe('worker\nworker')
      const pid = await out('systemctl show -p MainPID --value worker')
      expect(await out(`ps -o user= -p ${pid}`)).toBe('worker')
      expect(await out('systemctl status worker')).toMatch(/A worker\n.*loaded.*\n.*active \(running\)/)
      await out('systemctl start worker && systemctl reload worker')
      await machines.until('reloaded', async () => (await log('worker')).includes('reloaded'))
      expect(await out('systemctl show -p MainPID --value worker')).toBe(pid)
      await out('service worker restart')
      expect(await out('systemctl show -p MainPID --value worker')).not.toBe(pid)
      await out('systemctl stop worker')
      expect(await run('service worker status')).toMatchObject({ exitCode: 3 })
      expect((await run('pgrep -u worker; ls /run/worker')).stdout).toBe('')
      const lines = (await out('journalctl -u worker --no-pager')).split('\n')
      expect(lines.slice(0, 2)).toEqual([
        'before by worker',
        'as worker in /var/lib/worker: hello there, two words, worker.service',
      ])
      expect(lines.at(-1)).toBe('after by root')
    },
    SLOW,
  )

  test(
    'kinds of units: oneshot, forking, notify, templates; what needs another starts it',
    async () => {
      await unit(
        'once.service',
        '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/touch /tmp/a\nExecStop=/bin/rm /tmp/a\n',
      )
      await unit(
        'fork.service',
        "[Unit]\nRequires=once.service\n[Service]\nType=forking\nPIDFile=/run/fork.pid\nExecStart=/bin/sh -c 'sleep 1000 & echo $! > /run/fork.pid'\n",
      )
      const send =
        'use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); sleep 1; send(S, "READY=1\\nSTATUS=fine", 0, pack_sockaddr_un($ENV{NOTIFY_SOCKET})); sleep 1000'
      await out('cat > /usr/local/bin/notifier; chmod 755 /usr/local/bin/notifier', `#!/usr/bin/perl\n${send};\n`)
      await unit('notify.service', '[Service]\nType=notify\nExecStart=/usr/local/bin/notifier\n')
      await unit('many@.service', '[Service]\nExecStart=/bin/sleep 100%i\n')
      await out('systemctl start fork notify many@1 many@2')
      expect(await out('systemctl is-active once fork notify many@1 many@2 | sort | uniq -c')).toMatch(/^\s*5 active$/)
      expect(await out('systemctl show -p MainPID --value fork')).toBe(await out('cat /run/fork.pid'))
      expect(await out('systemctl show -p StatusText notify')).toBe('StatusText=fine')
      expect(await out("systemctl show -p SubState once; pgrep -af '[s]leep 100[12]' | wc -l; ls /tmp/a")).toBe(
        'SubState=exited\n2\n/tmp/a',
      )
      expect(await out('systemctl list-units --no-legend')).toMatch(/ many@1\.service +loaded +active +running/)
      await out('systemctl stop fork notify once "many@*"')
      expect((await run("pgrep -f '[s]leep 100|[n]otifier'; ls /tmp/a /run/fork.pid")).stdout).toBe('')
    },
    SLOW,
  )

  test(
    'a unit that ends is started again as Restart= says, not without end; what fails says so',
    async () => {
      await unit('again.service', '[Service]\nExecStart=/bin/sleep 1000\nRestart=on-failure\nRestartSec=10ms\n')
      await out('systemctl start again')
      const first = await out('systemctl show -p MainPID --value again')
      await out(`kill -KILL ${first}`)
      await machines.until(
        'again',
        async () => !/^(0|)$/.test(await out(`systemctl show -p MainPID --value again | grep -vx ${first}; true`)),
      )
      expect(await out('systemctl show -p NRestarts again')).toBe('NRestarts=1')
      await out('systemctl stop again')
      await unit(
        'bad.service',
        '[Service]\nExecStart=/bin/sh -c "echo no luck; exit 7"\nRestart=always\nRestartSec=1ms\n',
      )
      await run('systemctl start bad')
      await machines.until('failed', async () => (await run('systemctl is-failed bad')).exitCode === 0)
      expect(await out('systemctl show -p Result,ExecMainStatus bad')).toBe('Result=start-limit-hit\nExecMainStatus=7')
      expect((await log('bad')).match(/no luck/g)).toHaveLength(5)
      await unit('broken.service', '[Service]\nType=oneshot\nExecStart=/bin/sh -c "exit 3"\n')
      const failed = await run('systemctl start broken')
      expect(failed).toMatchObject({ exitCode: 1 })
      expect(failed.stderr).toContain(
        'Job for broken.service failed because the control process exited with error code',
      )
      await unit('missing.service', '[Service]\nExecStart=/usr/bin/not-there\n')
      expect((await run('systemctl start missing')).exitCode).toBe(1)
      // A plugin's own failure must not be hidden by what was killed from outside.
      await out('systemctl start again; pkill -KILL -f "[s]tarcluster-unit again"')
      expect(await run('systemctl is-active again')).toMatchObject({ stdout: 'failed', exitCode: 3 })
      await out('systemctl reset-failed; pkill -f "[s]leep 1000"')
    },
    SLOW,
  )

  test(
    'tmpfiles.d of a package are made before a start; the NFS server stops when it is stopped',
    async () => {
      await out('useradd -r keeper; cat > /usr/lib/tmpfiles.d/keeper.conf', TMPFILES)
      await unit(
        'keeper.service',
        '[Service]\nUser=keeper\nExecStart=/bin/sh -c "echo > /run/keeper/sock; exec sleep 1000"\n',
      )
      await out('systemctl start keeper')
      await machines.until('its file', async () => (await run('test -e /run/keeper/sock')).exitCode === 0)
      expect(await out('stat -c "%U %a" /run/keeper; cat /run/keeper-note; readlink /run/keeper-link')).toBe(
        'keeper 750\na note/run/keeper',
      )
      expect((await run('test -e /run/nologin-keeper')).exitCode).toBe(1)
      await out('systemctl stop nfs-kernel-server keeper')
      expect(await run('systemctl is-active nfs-kernel-server')).toMatchObject({ stdout: 'inactive' })
      await out('systemctl start nfs-kernel-server')
    },
    SLOW,
  )

  test(
    'exit statuses and words are those of systemctl',
    async () => {
      expect(await run('systemctl start nosuch')).toMatchObject({
        exitCode: 5,
        stderr: 'Failed to start nosuch.service: Unit nosuch.service not found.',
      })
      expect(await run('systemctl is-active nosuch')).toMatchObject({ exitCode: 4, stdout: 'inactive' })
      expect(await run('systemctl status nosuch')).toMatchObject({ exitCode: 4 })
      expect(await run('systemctl is-enabled nosuch')).toMatchObject({ exitCode: 1 })
      expect(await run('systemctl frobnicate x')).toMatchObject({
        exitCode: 1,
        stderr: 'Unknown command verb frobnicate.',
      })
      expect((await run('systemctl mask worker')).stderr).toContain('worker.service already exists')
      await out('systemctl mask masked')
      expect(await run('systemctl start masked')).toMatchObject({
        exitCode: 1,
        stderr: 'Failed to start masked.service: Unit masked.service is masked.',
      })
      expect(await run('systemctl is-enabled masked')).toMatchObject({ exitCode: 1, stdout: 'masked' })
      await out('systemctl unmask masked')
      expect((await run('su -s /bin/sh nobody -c "systemctl stop cron"')).stderr).toContain('authentication required')
      expect(await out('su -s /bin/sh nobody -c "systemctl is-active once fork; true"')).toBe('inactive\ninactive')
    },
    SLOW,
  )

  test(
    'init scripts of packages, and what package scripts call',
    async () => {
      expect(await out('systemctl is-active cron; systemctl is-enabled cron ssh')).toBe('active\nenabled\nenabled')
      await out('systemctl stop cron')
      expect(await run('systemctl is-active --quiet cron')).toMatchObject({ exitCode: 3, stdout: '' })
      await out('invoke-rc.d cron start && deb-systemd-invoke restart cron.service && service cron status')
      await unit('pkg.service', '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n')
      await out('mv /etc/systemd/system/pkg.service /lib/systemd/system/')
      await out(
        'DPKG_MAINTSCRIPT_PACKAGE=pkg deb-systemd-helper enable pkg.service && systemctl --system daemon-reload && deb-systemd-invoke start pkg.service',
      )
      expect(await out('systemctl is-active pkg')).toBe('active')
      await out('systemctl restart ssh && true')
      expect(await out('systemctl is-active sshd')).toBe('active')
    },
    SLOW,
  )

  test('an init script that asks systemctl about its own unit, as with the package systemd, ends', async () => {
    const script = `#!/bin/sh
### BEGIN INIT INFO
# Provides: asks
# Required-Start:
# Required-Stop:
# Default-Start: 2
# Default-Stop:
### END INIT INFO
[ "$(systemctl -p LoadState --value show asks.service)" = loaded ] || exit 9
case $1 in
  start) echo "skip $SYSTEMCTL_SKIP_REDIRECT" > /run/asks ;;
  stop) rm -f /run/asks ;;
  status) [ -e /run/asks ] || exit 3 ;;
esac
`
    await out('cat > /etc/init.d/asks && chmod 755 /etc/init.d/asks', script)
    await out('timeout 20 systemctl start asks')
    expect(await out('timeout 20 systemctl show -p ActiveState,LoadState asks')).toBe(
      'ActiveState=active\nLoadState=loaded',
    )
    await out('timeout 20 systemctl stop asks && ! test -e /run/asks && update-rc.d asks defaults')
  })

  test(
    'stopped in order at shutdown, started at boot when enabled',
    async () => {
      await unit(
        'late.service',
        '[Unit]\nAfter=pkg.service\n[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/sh -c "sleep 1; echo stopped well"\n[Install]\nWantedBy=multi-user.target\n',
      )
      await out('systemctl enable --now late && systemctl disable worker')
      await machines.engine.stop(`i-${NODE}`, { timeoutMs: 30_000 })
      await machines.engine.boot(machines.spec(NODE))
      await machines.until('up', async () => (await run('systemctl is-active late')).exitCode === 0)
      expect(await log('late')).toContain('stopped well')
      expect(await out('cat /run/asks')).toBe('skip 1')
      expect(await out('systemctl is-active pkg; systemctl is-active many@1 worker; true')).toBe(
        'active\ninactive\ninactive',
      )
    },
    SLOW,
  )
})

const TMPFILES = `# a comment
d /run/keeper 0750 keeper keeper - -
f /run/keeper-note 0644 root root - "a note"
L /run/keeper-link - - - - /run/keeper
F! /run/nologin-keeper 0644 - - - "at boot only"
z /run/keeper 0700 - - - -
`
