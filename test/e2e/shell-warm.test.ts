import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** The shell that is open all day while nodes, connections and the local cloud come and go. */
describe.skipIf(!canRunNodes)('an open shell', { timeout: 180_000 }, () => {
  let home: TempHome
  let shell: Pty

  beforeAll(async () => {
    home = await tempHome()
    await cliOk(['start', 'one', '-s', '2'], { env: home.env, timeoutMs: 240_000 })
    shell = new Pty([process.execPath, program, 'shell'], { env: { ...home.env, NO_COLOR: '1' }, cwd: home.path })
    await shell.sees('|1> ')
    await runs('warm')
  })
  afterAll(async () => {
    await shell?.[Symbol.asyncDispose]()
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  const elsewhere = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 120_000 })
  const inAnotherShell = (code: string) => elsewhere('shell', '-e', code)
  /** A signal to the processes of sshd that serve others than the one who sends it. */
  const signalSessions = (signal: string) =>
    elsewhere('sshnode', 'one', 'node001', `pgrep -f '^sshd: root@' | grep -vx $PPID | xargs -r kill -${signal}`)

  /** The next command works and nothing is said but its answer. */
  async function runs(word: string): Promise<void> {
    shell.enter(`!!node001 echo ${word} $((6 * 7)) # and`)
    const [said] = await shell.sees(/# and\n[\s\S]*?\|\d+> $/)
    expect(said).toMatch(new RegExp(`^# and\nnode001: ${word} 42\n[^\n]*$`))
  }

  test('goes on when sshd ended its connections', async () => {
    await signalSessions('KILL')
    await runs('killed')
  })

  test('goes on when the node was rebooted', async () => {
    await inAnotherShell(
      "const c = await cm.getCluster('one'); const n = await c.getNode('node001'); await n.reboot(); await n.wait()",
    )
    await runs('rebooted')
    await inAnotherShell("cm.restartCluster('one')")
    await runs('restarted')
  })

  test('goes on when the disks were put back', async () => {
    await inAnotherShell("cm.snapshot('one', 'before')")
    await runs('snapshot')
    await inAnotherShell("cm.rollback('one', 'before')")
    await runs('rollback')
  })

  test('leaves a connection that has gone silent, and runs the command once', async () => {
    await signalSessions('STOP')
    shell.enter('!!node001 echo run >> /root/runs; cat /root/runs')
    await shell.sees(/node001: run\n/) // what is waited for stood in the line before
    await signalSessions('KILL')
    await runs('after')
  })

  test('makes the local cloud run again', async () => {
    await elsewhere('local', 'stop')
    shell.enter('cm.listClusters()')
    await shell.sees(/\none: master,node001 running/)
    await runs('stopped')
  })

  test('prints a cluster as it is now', async () => {
    shell.enter("const cl = await cm.getCluster('one'); 0")
    await shell.sees('\n0\n')
    await elsewhere('addnode', 'one')
    shell.enter('cl')
    await shell.sees(/\nCluster one .*: master,node\[001-002\] running/)
    await runs('added')
  })

  test('gives the prompt back while the local cloud does not answer', async () => {
    const [, pid] = /process (\d+)/.exec((await elsewhere('local', 'status')).stdout)!
    process.kill(Number(pid), 'SIGSTOP')
    try {
      shell.enter('cl')
      await shell.sees(/\nCluster.*one[\s\S]*\|\d+> $/)
    } finally {
      process.kill(Number(pid), 'SIGCONT')
    }
    await runs('continued')
  })
})
