import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
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
    expect(stdout).toMatch(/master running i-[0-9a-f]+/)
    expect(stdout).toMatch(/node001 running i-[0-9a-f]+/)
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
    await home.write(
      '.starclusterrc',
      '[plugin pkginstaller]\nsetup_class = ubuntu.PackageInstaller\npkg_to_install = sl\n\n[cluster smallcluster]\nplugins = pkginstaller\n',
    )
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
    const script = [
      "cm.runPlugin('pkginstaller', 'testcluster')",
      `require('node:fs').writeFileSync(${JSON.stringify(join(home.path, '.starcluster/plugins/helpers/words.ts'))}, ${JSON.stringify(helper('setting up'))})`,
      "cm.run_plugin('pkginstaller', 'testcluster')",
      '.exit',
    ]
    const { output } = await cliOk(['shell'], { env: home.env, input: `${script.join('\n')}\n` })
    expect(output).toContain('>>> Importing module config')
    expect(output).toContain('Now installing sl on node001')
    expect(output).toMatch(/Reloaded pkginstaller \(\d+ files?, \d+(\.\d+)? ms\)/)
    expect(output).toContain('Now setting up sl on node001')
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
