import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** Cannot be run twice on the same disks: useradd refuses. */
const plugin = `import { ClusterSetup, type Node } from 'starcluster'
export class Accounts extends ClusterSetup {
  async run(nodes: Node[], master: Node) {
    await master.ssh.execute('useradd -m first && echo hello > /opt/greeting')
    for (const node of nodes) await node.ssh.execute('chmod 600 /etc/issue; cp -p /etc/hosts /tmp/h; cat /tmp/h > /etc/hosts')
  }
}
`
const broken = plugin.replace('useradd -m first', 'useradd -m first && false')

describe.skipIf(!canRunNodes)('each try of a plugin begins alike, and tells what it changed', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const first = /users {5}\+ first {2}\(uid \d+, gid \d+, \/home\/first, \/bin\/sh\)/

  beforeAll(async () => {
    home = await tempHome({
      '.starclusterrc': '[plugin accounts]\nsetup_class = accounts.Accounts\n',
      '.starcluster/plugins/accounts.ts': plugin,
    })
    await ok('start', 't', '-s', '3')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('--dry-run tells what would change, nodes with equal changes once, and leaves nothing', async () => {
    const { stdout } = await ok('runplugin', '--dry-run', 'accounts', 't')
    expect(stdout).toMatch(first)
    expect(stdout).toMatch(/\+ \/opt\/greeting {2}\(6 B\)/)
    expect(stdout).toMatch(/node\[001-002\]\n {2}files {5}~ \/etc\/issue {2}\(mode 644 -> 600\)\n/)
    // Written again with the same text: no change.
    expect(stdout).not.toContain('/etc/hosts')
    expect((await ok('sshmaster', 't', 'id first; stat -c %a /etc/issue')).stdout).toBe('644\n')
    expect((await ok('local', 'snapshots', 't')).stdout).toMatch(/No snapshots/)
  })

  test('--dry-run of a plugin that fails leaves nothing either', async () => {
    await home.write('.starcluster/plugins/accounts.ts', broken)
    const failed = await sc('runplugin', '--dry-run', 'accounts', 't')
    expect(failed.status).toBe(1)
    expect(failed.output).toMatch(/plugin accounts failed in run/)
    expect((await ok('sshmaster', 't', 'id first || true')).stdout).toBe('')
    expect((await ok('local', 'snapshots', 't')).stdout).toMatch(/No snapshots/)
    await home.write('.starcluster/plugins/accounts.ts', plugin)
  })

  test('--fresh: what cannot be run twice can be tried twice', async () => {
    expect((await ok('runplugin', '--fresh', 'accounts', 't')).output).toMatch(/Snapshot before-accounts of t is made/)
    expect((await sc('runplugin', 'accounts', 't')).output).toMatch(/user 'first' already exists/)
    const again = await ok('runplugin', '--fresh', '--diff', 'accounts', 't')
    expect(again.output).toMatch(/t is back at snapshot before-accounts/)
    expect(again.stdout).toMatch(first)
  })

  test('the shell has the same', async () => {
    const lines = [
      "await cm.snapshot('t')",
      "await cm.rollback('t', 'before-accounts')",
      "(await (await (await cm.getCluster('t')).getMaster()).ssh.execute('id first || echo gone')).stdout",
      "await cm.rollback('t', 'snapshot-1')",
      "(await (await (await cm.getCluster('t')).getMaster()).ssh.execute('id -un first')).stdout",
      "(await cm.listSnapshots('t')).map((one) => one.name).join()",
    ]
    const { stdout } = await runCli(['shell'], { env: home.env, input: `${lines.join('\n')}\n`, timeoutMs: 120_000 })
    expect(stdout).toContain("'gone\\n'")
    expect(stdout).toContain("'first\\n'")
    expect(stdout).toContain('before-accounts,snapshot-1')
    const unknown = await sc('local', 'rollback', 't', 'before-acounts')
    expect(unknown.status).toBe(1)
    expect(unknown.output).toMatch(/there is no snapshot before-acounts \(did you mean before-accounts\?\) of t/)
  })
})
