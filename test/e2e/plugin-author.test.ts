import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const plugin = (greeting: string) => `import { ClusterSetup, log, type Node, type Volumes } from 'starcluster'
import { describe } from './helpers/words'

export class PackageInstaller extends ClusterSetup {
  constructor(private pkgToInstall: string) { super() }

  async run(nodes: Node[], master: Node, user: string, userShell: string, volumes: Volumes) {
    for (const node of nodes) {
      log.info(describe('${greeting}', this.pkgToInstall, node.alias))
      await node.ssh.execute(\`apt-get -y install \${this.pkgToInstall}\`)
    }
  }
}
`

const config =
  '[plugin pkginstaller]\nsetup_class = ubuntu.PackageInstaller\npkg_to_install = sl\n\n[cluster smallcluster]\nplugins = pkginstaller\n'

const helper = (verb: string) =>
  `export const describe = (greeting: string, pkg: string, alias: string) => \`\${greeting} ${'$'}{'${verb}'} \${pkg} on \${alias}\`\n`

/** The plugin development workflow of the manual, from an empty HOME, with the built command line. */
describe.skipIf(!canRunNodes)('a plugin author starts without a config', () => {
  let home: TempHome
  const sc = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })

  beforeAll(async () => {
    home = await tempHome()
    await sc('start', 'testcluster', '-s', '2')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('a small test cluster runs, with the default set-up done', async () => {
    const { stdout } = await sc('listclusters')
    expect(stdout).toMatch(/testcluster \(security group: @sc-testcluster\)/)
    expect(stdout).toMatch(/master running +i-[0-9a-f]+/)
    expect(stdout).toMatch(/node001 running +i-[0-9a-f]+/)
    expect(stdout).toMatch(/Total nodes: 2/)
    expect((await sc('sshmaster', 'testcluster', 'hostname')).stdout).toBe('master\n')
    expect(
      (await sc('sshnode', 'testcluster', 'node001', 'hostname; id -un sgeadmin; findmnt -n /home | wc -l')).stdout,
    ).toBe('node001\nsgeadmin\n1\n')
  })

  test('a package can be installed by hand, and the remote exit status comes back', async () => {
    await sc('sshmaster', 'testcluster', 'apt-get -y -q install tree')
    expect((await sc('sshmaster', 'testcluster', 'command', '-v', 'tree')).stdout).toBe('/usr/bin/tree\n')
    expect((await runCli(['sshmaster', 'testcluster', 'exit 7'], { env: home.env })).status).toBe(7)
    expect(
      (await runCli(['sshnode', 'testcluster', 'node001', 'ls', '-la', '/nowhere'], { env: home.env })).status,
    ).toBe(2)
  })

  test('the plugin of the manual runs on the cluster that is older than its config', async () => {
    await home.write('.starcluster/plugins/ubuntu.ts', plugin('Now'))
    await home.write('.starcluster/plugins/helpers/words.ts', helper('installing'))
    await home.write('.starclusterrc', config)
    const { output } = await sc('runplugin', 'pkginstaller', 'testcluster')
    expect(output).toContain('>>> Now installing sl on master')
    expect(output).toContain('>>> Now installing sl on node001')
    for (const node of ['master', 'node001']) {
      expect((await sc('sshnode', 'testcluster', node, 'dpkg -s sl | grep ^Status')).stdout).toBe(
        'Status: install ok installed\n',
      )
    }
  })

  test('in the shell an edit of a helper is used by the next call', async () => {
    await using shell = new Pty([process.execPath, program, 'shell'], { env: home.env, cwd: home.path })
    await shell.sees('>>> Importing module config')
    await shell.sees('[~]|1> ')
    shell.enter("cm.runPlugin('pkginstaller', 'testcluster')")
    await shell.sees('Now installing sl on node001')
    await shell.sees('[~]|2> ')
    await home.write('.starcluster/plugins/helpers/words.ts', helper('setting up'))
    shell.enter("cm.run_plugin('pkginstaller', 'testcluster')")
    await shell.sees(/Reloaded pkginstaller \(2 files, \d+ ms\)/)
    await shell.sees('Now setting up sl on node001')
    await shell.sees('[~]|3> ')
    shell.enter('.exit')
    expect(await shell.exit()).toBe(0)
  })

  test('Tab in the shell completes paths on a node', async () => {
    await using shell = new Pty([process.execPath, program, 'shell'], { env: home.env, cwd: home.path })
    await shell.sees('[~]|1> ')
    shell.enter(
      "const { ssh } = await (await cm.getCluster('testcluster')).getMaster(); (await ssh.execute('true')).exitCode",
    )
    await shell.sees('\n0\n')
    for (const [line, rest] of [
      ["ssh.get('/etc/hostn", 'ame'],
      ["ssh.execute('cat /etc/os-rel", 'ease'],
    ] as const) {
      const completed = async () => {
        shell.type(`\x15${line}\t`)
        return shell.sees(`${line}${rest}`, 2_000).catch(() => undefined)
      }
      await waitFor(`${line} to be completed`, completed, { timeoutMs: 30_000 })
    }
  })

  test('Ctrl-C in the shell ends a plugin and its remote command, and everything works after it', async () => {
    await home.write(
      '.starcluster/plugins/slow.ts',
      "import { ClusterSetup, log } from 'starcluster'\nexport class Slow extends ClusterSetup {\n  async run(nodes) { log.info('sleeping'); await nodes[0].ssh.execute('sleep 4242') }\n}\n",
    )
    await home.write('.starclusterrc', `${config}\n[plugin slow]\nsetup_class = slow.Slow\n`)
    await using shell = new Pty([process.execPath, program, 'shell'], { env: home.env, cwd: home.path })
    await shell.sees('[~]|1> ')
    shell.enter("cm.runPlugin('slow', 'testcluster')")
    await shell.sees('>>> sleeping')
    const running = () => runCli(['sshmaster', 'testcluster', 'pgrep -fx "sleep 4242"'], { env: home.env })
    await waitFor('the remote command to run', async () => (await running()).status === 0, { timeoutMs: 60_000 })
    shell.ctrlC()
    await shell.sees('[~]|2> ')
    await waitFor('the remote command to end', async () => (await running()).status === 1, { timeoutMs: 60_000 })
    shell.enter('const n: number = 6 * 7; n')
    await shell.sees(/^42$/m)
    await home.write('.starcluster/plugins/helpers/words.ts', helper('putting'))
    shell.enter("cm.runPlugin('pkginstaller', 'testcluster')")
    await shell.sees('Now putting sl on node001')
    await shell.sees('[~]|4> ')
    await home.write('.starcluster/plugins/helpers/words.ts', helper('setting up'))
    shell.enter('.exit')
    expect(await shell.exit()).toBe(0)
  })

  test('a plugin that no longer builds runs nothing and says where', async () => {
    const file = await home.write('.starcluster/plugins/ubuntu.ts', plugin('Now').replace('super() }', 'super( }'))
    const broken = await runCli(['runplugin', 'pkginstaller', 'testcluster'], { env: home.env })
    expect(broken.status).toBe(1)
    expect(broken.output).toMatch(/ubuntu\.ts:5:\d+/)
    expect(broken.output).not.toContain('Now setting up')
    expect(broken.output).not.toMatch(/^\s+at /m)
    await writeFile(file, plugin('Again'))
    expect((await sc('runplugin', 'pkginstaller', 'testcluster')).output).toContain('Again setting up sl on master')
  })

  test('a bundled plugin gets its settings from the config, in the built program', async () => {
    await home.write(
      'bundled.ini',
      '[plugin tools]\nsetup_class = starcluster.plugins.pkginstaller.PackageInstaller\npackages = tree, pv\n',
    )
    const { output } = await sc('-c', `${home.path}/bundled.ini`, 'runplugin', 'tools', 'testcluster')
    expect(output).toMatch(/Installed on 2 nodes: .*pv/)
    await sc('sshnode', 'testcluster', 'node001', 'tree --version && pv --version')
  })

  test('a template with the plugin runs it by itself after the default set-up', async () => {
    const { output } = await sc('start', 'other', '-c', 'smallcluster')
    expect(output).toContain('Again setting up sl on node001')
    expect((await sc('sshnode', 'other', 'node001', 'dpkg -s sl | grep ^Status')).stdout).toBe(
      'Status: install ok installed\n',
    )
    await sc('terminate', '-c', 'other', 'testcluster')
    expect((await sc('listclusters')).stdout).toContain('No clusters')
  })
})
