import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** Writes down what its hooks were told; refuses nodes of a certain name. */
const plugin = `import { ClusterSetup, type Node } from 'starcluster'
export class Register extends ClusterSetup {
  constructor(private refuse = '') { super() }
  async run(nodes: Node[], master: Node) { await this.note(master, 'run ' + nodes.map((n) => n.alias)) }
  async onAddNode(node: Node, nodes: Node[], master: Node) {
    if (node.alias === this.refuse) throw new Error('no room for ' + node.alias)
    await this.note(master, 'add ' + node.alias + ' of ' + nodes.map((n) => n.alias))
  }
  async onRemoveNode(node: Node, nodes: Node[], master: Node) {
    if (node.alias === this.refuse) throw new Error('cannot let go of ' + node.alias)
    await this.note(master, 'remove ' + node.alias)
  }
  private async note(master: Node, text: string) { await master.ssh.execute("echo '" + text + "' >> /root/register") }
}
`
const config = (refuse = '') =>
  `[plugin register]\nsetup_class = register.Register\n${refuse && `refuse = ${refuse}\n`}\n[cluster small]\nplugins = register\n`

describe.skipIf(!canRunNodes)('a running cluster grows and shrinks', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const on = async (node: string, command: string) => (await ok('sshnode', 't', node, command)).stdout.trim()
  /** Every ordered pair of nodes, by name, as root and as the cluster user: what the last node on the way says it is. */
  const everyPair = async (aliases: readonly string[]) => {
    const log = 'ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes'
    const each = `for to in ${aliases.join(' ')}; do ${log} $to 'echo $(hostname) $(id -un)' || echo no way to $to; done`
    const said = await Promise.all(
      aliases.map((alias) => on(alias, `${each}; su - sgeadmin -c ${JSON.stringify(each).replaceAll('$', '\\$')}`)),
    )
    return said.map((text) => text.split('\n'))
  }
  const allPairs = (aliases: readonly string[]) =>
    aliases.map(() => ['root', 'sgeadmin'].flatMap((user) => aliases.map((alias) => `${alias} ${user}`)))
  const register = () => on('master', 'cat /root/register; : > /root/register')

  beforeAll(async () => {
    home = await tempHome({ '.starclusterrc': config(), '.starcluster/plugins/register.ts': plugin })
    await ok('start', 't', '-s', '2', '-c', 'small')
    await register()
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('two nodes are added: set up like the others, known to all, with the plugins told one by one', async () => {
    const { output } = await ok('addnode', '-n', '2', 't')
    expect(output).toMatch(/Launching node\[002-003\]/)
    expect(output).toMatch(/node\[002-003\] are part of t now/)
    expect(await register()).toBe(
      'add node002 of master,node001,node002,node003\nadd node003 of master,node001,node002,node003',
    )
    // From an old node as the cluster user over ssh to a new one, in the shared home.
    expect(await on('node001', 'su - sgeadmin -c \'touch shared; ssh node003 "hostname; ls shared; id -un"\'')).toBe(
      'node003\nshared\nsgeadmin',
    )
    expect(await on('node003', 'ssh node001 hostname; getent hosts master node001 node002 | wc -l')).toBe('node001\n3')
    const aliases = ['master', 'node001', 'node002', 'node003']
    expect(await everyPair(aliases)).toEqual(allPairs(aliases))
    expect((await ok('listclusters', 't')).stdout).toMatch(/node003 running[\s\S]*Total nodes: 4/)
  })

  test('names: of one’s own; taken, reserved, twice and impossible ones are refused before anything is launched', async () => {
    for (const [name, why] of [
      ['node001', /has a node node001 already/],
      ['master', /reserved for the master/],
      ['a,a', /a is given twice/],
      ['no_name', /not a valid host name/],
    ] as const) {
      const refused = await sc('addnode', '-a', name, 't')
      expect(refused, name).toMatchObject({ status: 1, output: expect.stringMatching(why) })
    }
    expect((await sc('addnode', '-x', 't')).output).toMatch(/which nodes to set up again/)
    expect((await sc('addnode', 'tt')).output).toMatch(/cluster tt does not exist/)
    expect((await ok('listclusters', 't')).stdout).toMatch(/Total nodes: 4/)
  })

  test('a plugin that fails for one node spoils nothing for the other, and can be repeated', async () => {
    await home.write('.starclusterrc', config('odd'))
    const failed = await sc('addnode', '-a', 'odd,even', 't')
    expect(failed.status).toBe(1)
    expect(failed.output).toMatch(/a plugin failed on odd\n.*register failed in onAddNode for odd.*no room for odd/)
    expect(failed.output).toMatch(/starcluster addnode -x -a odd t/)
    expect(await register()).toMatch(/^add even of/)
    await home.write('.starclusterrc', config())
    await ok('addnode', '-x', '-a', 'odd', 't')
    expect(await register()).toMatch(/^add odd of/)
    expect(await on('odd', 'hostname')).toBe('odd')
  })

  test('nodes are removed: plugins first, then the others forget them; never the master', async () => {
    expect((await sc('removenode', '-c', 't', 'master')).output).toMatch(
      /is the master of cluster t and cannot be removed/,
    )
    expect((await sc('removenode', '-c', '-n', '9', 't')).output).toMatch(/has only 5 workers/)
    expect((await sc('removenode', 't', 'odd')).output).toMatch(/no terminal/)
    // What somebody has who took a node's key out of it.
    await on('odd', 'scp -q -o BatchMode=yes /root/.ssh/id_ed25519 node001:/root/taken')
    const withTaken = `ssh -o BatchMode=yes -o IdentitiesOnly=yes -i /root/taken`
    expect(await on('node001', `${withTaken} master hostname; ${withTaken} node002 hostname`)).toBe('master\nnode002')
    await ok('removenode', '-c', 't', 'odd', 'even')
    for (const node of ['master', 'node002']) {
      expect(await on('node001', `${withTaken} ${node} hostname 2>&1 || true`)).toMatch(/Permission denied/)
    }
    const left = ['master', 'node001', 'node002', 'node003']
    expect(await everyPair(left)).toEqual(allPairs(left))
    expect(await register()).toBe('remove odd\nremove even')
    const traces =
      'grep -rlw -e odd -e even /etc/hosts /etc/exports /etc/ssh /root/.ssh /home/sgeadmin/.ssh || echo none'
    expect(await on('master', traces)).toBe('none')
    await ok('removenode', '-c', '-n', '1', 't')
    expect(await register()).toBe('remove node003')
    expect((await ok('listclusters', 't')).stdout).toMatch(/Total nodes: 3/)
    // The number is free again, and another machine takes it.
    await ok('addnode', 't')
    expect(await on('node003', 'hostname; ls /home/sgeadmin/shared')).toBe('node003\n/home/sgeadmin/shared')
  })

  test('a failing hook keeps the node; --force does not care, and neither does a machine that is gone', async () => {
    await home.write('.starclusterrc', config('node003'))
    const kept = await sc('removenode', '-c', 't', 'node003')
    expect(kept.output).toMatch(
      /nothing is terminated yet[\s\S]*cannot let go of node003[\s\S]*removenode --force t node003/,
    )
    expect(await on('node003', 'hostname')).toBe('node003')
    await ok('removenode', '-c', '--force', 't', 'node003')
    await ok('sshnode', 't', 'node002', 'nohup poweroff >/dev/null 2>&1 & sleep 0.2').catch(() => undefined)
    await ok('removenode', '-c', 't', 'node002')
    expect((await ok('listclusters', 't')).stdout).toMatch(/Total nodes: 2/)
    expect(await on('node001', 'getent hosts node002 || echo forgotten')).toBe('forgotten')
  })
})
