import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

describe.skipIf(!canRunNodes)('the shell and machines', () => {
  let home: TempHome
  const shell = (args: string[], input = '') => runCli(['shell', ...args], { env: home.env, input, timeoutMs: 60_000 })

  beforeAll(async () => {
    home = await tempHome({
      'scripts/helper.ts': "export const greet = (name: string): string => 'hello ' + name\n",
      'scripts/main.ts': `#!/usr/bin/env starcluster
import { greet } from './helper.ts'
const [listing] = await cm.listClusters()
console.log(greet(listing.tag), listing.nodes.length, args.join(' '))
`,
    })
    await cliOk(['start', 'one', '-s', '3'], { env: home.env, timeoutMs: 240_000 })
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('-p preloads a cluster’s parts: equal answers of nodes are told once', async () => {
    expect((await shell(['-p', 'one', '-e', "view.run('echo ok')"])).stdout).toBe('master,node[001-002]: ok\n')
    const { stdout } = await shell(['-p', 'one', '-e', "view.run('hostname | grep -x master || exit 3')"])
    expect(stdout).toBe('master: master\nnode[001-002]: (exit code 3)\n')
    const parts = await shell(['-p', 'one', '-e', '[cluster.tag, master.alias, nodes.length].join()'])
    expect(parts.stdout).toBe("'one,master,3'\n")
    const spread = '(await view.map(async (node, n) => node.alias + n, [1, 2, 3, 4])).length'
    expect((await shell(['-p', 'one', '-e', spread])).stdout).toBe('4\n')
    expect(await shell(['-p', 'oen'])).toMatchObject({
      status: 1,
      output: expect.stringMatching(/cluster oen does not/),
    })
  })

  test('while a line runs on nodes, the terminal shows on which and for how long; what is printed stands above', async () => {
    await using pty = new Pty([process.execPath, program, 'shell', '-p', 'one'], {
      env: { ...home.env, NO_COLOR: '1' },
    })
    await pty.sees('|1> ')
    pty.enter("console.log('before'); view.run('until [ -e /tmp/go ]; do sleep 0.1; done; echo on')")
    await pty.sees(/\d s {2}master,node\[001-002\]: until \[ -e/)
    await shell(['-p', 'one', '-e', "view.run('touch /tmp/go')"])
    await pty.sees('master,node[001-002]: on\n')
    await pty.sees('|2> ')
    expect(pty.raw.split('\r\x1b[K').at(-1)).not.toContain('until [')
    pty.enter("await Promise.all([view.run('rm /tmp/go; sleep 60'), new Promise(() => {})])")
    await pty.sees(/\d s {2}master,node\[001-002\]: rm/)
    pty.ctrlC()
    await pty.sees(/Interrupted\n[\s\S]*\|3> /)
  }, 120_000)

  test('-e, a script with imports, and lines from a pipe tell by their status how they ended', async () => {
    expect(await shell(['-e', '1 + 1'])).toMatchObject({ status: 0, stdout: '2\n' })
    expect(await shell(['-e', 'nope'])).toMatchObject({ status: 1, stdout: '' })
    expect(await shell(['-e', "await cm.runPlugin('nosuch', 'one')"])).toMatchObject({ status: 1 })
    expect(await shell(['scripts/main.ts', 'a', '--b'])).toMatchObject({ status: 0, stdout: 'hello one 3 a --b\n' })
    expect(await shell(['-', 'x'], 'const all = args\nall.length')).toMatchObject({ status: 0, stdout: '1\n' })
    const missing = await shell(['scripts/none.ts'])
    expect(missing).toMatchObject({
      status: 1,
      output: expect.stringMatching(/cannot read the script scripts\/none\.ts/),
    })
    expect(await shell([], 'nope\n1 + 1\n')).toMatchObject({ status: 1, stdout: '2\n' })
    expect(await shell([], '1 + 1\n')).toMatchObject({ status: 0 })
  })

  test('!!TARGET runs on a node or a whole cluster; a name that means nothing gets the nearest', async () => {
    const { stdout, stderr, status } = await shell(
      [],
      '!!one uname -s\n!!node002 hostname\n!!one:master hostname\n!!node0x2 x\n!!one\n',
    )
    expect(stdout).toBe('master,node[001-002]: Linux\nnode002: node002\nmaster: master\n')
    expect(stderr).toMatch(/there is no cluster and no node node0x2 \(did you mean node002\?\)/)
    expect(stderr).toMatch(/Usage: !!NODE COMMAND/)
    expect(status).toBe(1)
  })

  test('Ctrl-C ends a start that is under way, tells what it left, and the shell goes on', async () => {
    await using pty = new Pty([process.execPath, program, 'shell'], { env: home.env })
    await pty.sees('|1>')
    pty.enter("cm.startCluster('two', { overrides: { clusterSize: 3 } })")
    await pty.sees(/>>> .*(Launching|Waiting)/i)
    pty.ctrlC()
    await pty.sees(/\nInterrupted\n!!! ERROR - .*two.*\n/)
    await pty.sees('|2> ')
    pty.enter("await cm.terminateCluster('two', { force: true }); await cm.clusterExists('two')")
    await pty.sees(/\nfalse\n/)
    pty.enter('!!one:node001 hostname')
    await pty.sees('\nnode001: node001\n')
  })

  test('.ssh gives a login in the terminal, and the prompt back; Ctrl-C there is the node’s', async () => {
    await using pty = new Pty([process.execPath, program, 'shell'], { env: home.env })
    await pty.sees('|1>')
    pty.enter('.ssh node001')
    await pty.sees('root@node001')
    pty.enter('echo $((6 * 7)) on $(hostname)')
    await pty.sees('42 on node001')
    pty.enter('echo $((20 + 1)) && sleep 1000')
    await pty.sees('21')
    pty.ctrlC()
    await pty.sees(/\^C[\s\S]*root@node001/) // an interrupt throws away what was typed before it
    pty.enter('echo still $((1 + 1)) there')
    await pty.sees('still 2 there')
    pty.enter('exit 5')
    await pty.sees(/\|\d>/)
    pty.enter('1000 + 1')
    await pty.sees('1001')
    pty.enter('!!node001 hostname')
    await pty.sees('node001: node001')
    pty.enter('.exit')
    expect(await pty.exit()).toBe(0)
  })
})
