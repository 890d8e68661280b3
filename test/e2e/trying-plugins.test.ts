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
const greeter = `import { ClusterSetup, type Node } from 'starcluster'
export class Greeter extends ClusterSetup {
  async run(nodes: Node[], master: Node) { await master.ssh.execute('echo said; echo hi > /opt/greeter') }
}
`
const broken = plugin.replace('useradd -m first', 'useradd -m first && false')

describe.skipIf(!canRunNodes)(
  'each try of a plugin begins alike, and tells what it changed',
  { timeout: 240_000 },
  () => {
    let home: TempHome
    const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
    const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
    const first = /users {5}\+ first {2}\(uid \d+, gid \d+, \/home\/first, \/bin\/sh\)/

    beforeAll(async () => {
      home = await tempHome({
        '.starclusterrc':
          '[plugin accounts]\nsetup_class = accounts.Accounts\n[plugin greeter]\nsetup_class = greeter.Greeter\n',
        '.starcluster/plugins/greeter.ts': greeter,
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
      expect((await ok('snapshots', 't')).stdout).toMatch(/No snapshots/)
    })

    test('--dry-run of a plugin that fails tells what it changed until then, and leaves nothing either', async () => {
      await home.write('.starcluster/plugins/accounts.ts', broken)
      const failed = await sc('runplugin', '--dry-run', 'accounts', 't')
      expect(failed.status).toBe(1)
      expect(failed.stdout).toMatch(first)
      expect(failed.output).toMatch(/plugin accounts failed in run/)
      expect((await ok('sshmaster', 't', 'id first || true')).stdout).toBe('')
      expect((await ok('local', 'snapshots', 't')).stdout).toMatch(/No snapshots/) // the same command
      await home.write('.starcluster/plugins/accounts.ts', plugin)
    })

    test('--fresh: what cannot be run twice can be tried twice', async () => {
      expect((await ok('runplugin', '--fresh', 'accounts', 't')).output).toMatch(
        /Snapshot before-accounts of t is made/,
      )
      expect((await sc('runplugin', 'accounts', 't')).output).toMatch(/user 'first' already exists/)
      const again = await ok('runplugin', '--fresh', '--diff', 'accounts', 't')
      expect(again.output).toMatch(/t is back at snapshot before-accounts/)
      expect(again.stdout).toMatch(first)
    })

    test('--fresh of one plugin forgets the state another began with, when that had the former in it', async () => {
      await ok('runplugin', '--fresh', 'greeter', 't')
      expect((await ok('snapshots', 't')).stdout).toMatch(/before-accounts\n.*before-greeter\n\nTotal: 2\n$/)
      const again = await ok('runplugin', '--fresh', 'accounts', 't')
      expect(again.output).toMatch(/Snapshot before-greeter was made after the last run of accounts: it is forgotten/)
      expect((await ok('snapshots', 't')).stdout).toMatch(/before-accounts\n\nTotal: 1\n$/)
    })

    test('--json: the changes by node on stdout, and nothing else there', async () => {
      const { stdout } = await ok('runplugin', '--json', '--dry-run', '--verbose', 'greeter', 't')
      expect(JSON.parse(stdout)).toMatchObject({
        master: { files: [{ kind: 'added', name: '/opt/greeter', detail: '3 B' }], packages: [] },
        node001: { files: [] },
        node002: { files: [] },
      })
    })

    test('a node added since: neither --fresh nor rollback pretends', async () => {
      await ok('addnode', 't')
      for (const args of [
        ['rollback', 't', 'before-accounts'],
        ['rollback', 't'],
        ['runplugin', '--fresh', 'accounts', 't'],
      ]) {
        const refused = await sc(...args)
        expect(refused.status).toBe(1)
        expect(refused.output).toMatch(/snapshot before-accounts of t is older than node003/)
        expect(refused.output).toMatch(/"starcluster removenode t node003"/)
      }
      await ok('removenode', '--confirm', 't', 'node003')
      await ok('runplugin', '--fresh', 'accounts', 't')
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
      const unknown = await sc('rollback', 't', 'before-acounts')
      expect(unknown.status).toBe(1)
      expect(unknown.output).toMatch(/there is no snapshot before-acounts \(did you mean before-accounts\?\) of t/)
    })
  },
)
