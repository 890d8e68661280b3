import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, runCli } from '../support/cli.js'
import { canMakeUser, OrdinaryUser } from '../support/ordinary-user.js'

const plugin = `import { ClusterSetup, log, type Node } from 'starcluster'
export class Marker extends ClusterSetup {
  async run(nodes: Node[]) {
    for (const node of nodes) await node.ssh.execute(\`echo \${node.alias} > /etc/marked; chown sgeadmin /etc/marked\`)
    log.info('marked')
  }
}
`

/** The clusters of root, without root: the built program as a user made for this test, who has a HOME of mode 0700. */
describe.skipIf(!canMakeUser)('an ordinary user', () => {
  let user: OrdinaryUser
  const sc = (...args: string[]) => cliOk(args, { ...user.cli({ tun: true }), timeoutMs: 400_000 })
  const disks = () => join(user.home, '.local/share/starcluster/disks')

  beforeAll(() => {
    user = new OrdinaryUser()
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm', '--images'], user.cli({ tun: true }))
    await user.remove()
  })

  test('local doctor finds what is needed, and says what is not', async () => {
    expect((await sc('local', 'doctor')).stdout).toMatch(/^ready$/m)
    const closed = await cliOk(['local', 'doctor'], user.cli({ tun: false }))
    expect(closed.stdout).toMatch(
      /warning {2}\/dev\/net\/tun: .*\n.*no apt-get install\n.*sudo chmod 666 \/dev\/net\/tun/,
    )
    expect(closed.stdout).toMatch(/^ready$/m)
  })

  test('starts a cluster of two, whose machines are his', async () => {
    expect((await sc('start', 'c', '-s', '2')).output).toContain('The cluster c is ready to use')
    expect((await sc('sshmaster', 'c', 'hostname; id -un; id -un sgeadmin')).stdout).toBe('master\nroot\nsgeadmin\n')
    const map = (await sc('sshmaster', 'c', 'tr -s " " < /proc/self/uid_map')).stdout
    expect(map).toBe(' 0 0 1\n 1 1 65535\n')
    expect(user.processes().filter((name) => name.includes('sshd')).length).toBeGreaterThanOrEqual(2)
  }, 500_000)

  test('the home directories are one, with the owners of files', async () => {
    await sc('sshmaster', 'c', 'su sgeadmin -c "echo shared > /home/sgeadmin/file"')
    expect(
      (await sc('sshnode', 'c', 'node001', 'cat /home/sgeadmin/file; stat -c %U /home/sgeadmin/file')).stdout,
    ).toBe('shared\nsgeadmin\n')
  })

  test('apt-get installs, and a plugin runs', async () => {
    await sc('sshnode', 'c', 'node001', 'apt-get -y -q install sl')
    const dir = join(user.home, '.starcluster/plugins')
    execFileSync('install', ['-d', '-o', user.name, dir])
    writeFileSync(join(dir, 'mark.ts'), plugin)
    writeFileSync(join(user.home, '.starclusterrc'), '[plugin marker]\nsetup_class = mark.Marker\n')
    expect((await sc('runplugin', 'marker', 'c')).output).toContain('marked')
    expect((await sc('sshnode', 'c', 'node001', 'stat -c %U /etc/marked; cat /etc/marked')).stdout).toBe(
      'sgeadmin\nnode001\n',
    )
  })

  test('a machine cannot have more processes than its share, and root of it is nobody with rights', async () => {
    expect((await sc('sshmaster', 'c', 'ulimit -Hu')).stdout).toBe('4096\n')
    expect((await runCli(['sshmaster', 'c', 'ulimit -u 100000'], user.cli({ tun: true }))).status).not.toBe(0)
    for (const command of ['mknod /tmp/disk b 254 0', 'date -s 2001-01-01', 'echo 1 > /proc/sys/vm/swappiness']) {
      expect((await runCli(['sshmaster', 'c', command], user.cli({ tun: true }))).status, command).not.toBe(0)
    }
  })

  test("his machines hold the contract of root's, with limits where control groups are given to him", async () => {
    await user.giveGroups()
    const report = await user.vitest(['test/localcloud/nodes/contract-namespaces.test.ts'], 500_000)
    expect(report.status, report.output).toBe(0)
    // Only root's have a size.
    const limited = user.groups.length > 0 ? [] : ['a memory bomb is killed, its node lives on']
    expect(report.skipped).toEqual([...limited, 'a full disk is its own disk'])
    expect(report.passed).toContain('a fork bomb meets a limit and leaves the others in peace')
    expect(report.passed).toContain('rm -rf of everything removes its own files only')
  }, 540_000)

  test('his volumes: ext4 through FUSE', async () => {
    const report = await user.vitest(['test/localcloud/nodes/volume-files.test.ts'], 400_000)
    expect(report.status, report.output).toBe(0)
    expect(report.passed).toHaveLength(2)
  }, 440_000)

  test('stop, start and reboot keep the disks', async () => {
    await sc('stop', '-c', 'c')
    await sc('start', '-x', 'c')
    expect((await sc('sshmaster', 'c', 'cat /etc/marked /home/sgeadmin/file')).stdout).toBe('master\nshared\n')
    const status = (await sc('local', 'status')).stdout
    expect(status).toMatch(/running +\d+ +\d/)
    expect(status).toMatch(/limits +none here for a machine's disk[,;]/)
  })

  test('a new daemon finds the machines that run', async () => {
    await sc('local', 'stop')
    expect((await sc('sshmaster', 'c', 'hostname')).stdout).toBe('master\n')
    expect((await sc('listclusters')).stdout.match(/running/g)).toHaveLength(2)
  })

  test('terminate and reset leave nothing', async () => {
    await sc('terminate', '-c', 'c')
    const homes = join(disks(), 'homes')
    expect(readdirSync(homes).flatMap((home) => readdirSync(join(homes, home, 'nodes')))).toEqual([])
    await sc('local', 'reset', '--confirm')
    await waitFor('his processes to end', async () => user.processes().length === 0 || undefined, {
      timeoutMs: 30_000,
      intervalMs: 100,
    })
    expect(readdirSync(homes)).toEqual([])
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(user.home)
  })

  test('without /dev/net/tun the rest works, and it is said at the start', async () => {
    const without = { ...user.cli({ tun: false }), timeoutMs: 240_000 }
    const { output } = await cliOk(['start', 'd', '-s', '1'], without)
    expect(output).toContain('/dev/net/tun cannot be opened: machines reach each other but nothing else')
    expect((await cliOk(['sshmaster', 'd', 'hostname'], without)).stdout).toBe('master\n')
    await cliOk(['local', 'reset', '--confirm', '--images'], without)
    expect(existsSync(join(disks(), 'images'))).toBe(false)
  }, 300_000)

  test('without subordinate ids it is said what is missing, and that root can', async () => {
    execFileSync('usermod', ['--del-subuids', '0-4294967294', user.name])
    const refused = await runCli(['start', 'e'], user.cli({ tun: true }))
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain(`/etc/subuid gives ${user.name} no range of 65536 ids`)
    expect(refused.stderr).toContain('starcluster local doctor says how to mend it')
    const { status, stdout } = await runCli(['local', 'doctor'], user.cli({ tun: true }))
    expect(status).toBe(1)
    expect(stdout).toMatch(new RegExp(`sudo usermod --add-subuids \\d+-\\d+ ${user.name}`))
    expect(stdout).toMatch(/^not ready: ids in \/etc\/subuid/m)
  })
})
