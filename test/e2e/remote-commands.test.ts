import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

describe.skipIf(!canRunNodes)('commands and files on the nodes of a cluster', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env })
  const ok = async (...args: string[]) => (await cliOk(args, { env: home.env })).stdout

  beforeAll(async () => {
    home = await tempHome()
    await cliOk(['start', 't', '-s', '3'], { env: home.env, timeoutMs: 240_000 })
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  describe('exec', () => {
    test('prints equal output once, errors apart, and gives the largest exit status', async () => {
      expect(await sc('exec', 't', 'id -un; [ $(hostname) != node001 ] || { echo no >&2; exit 3; }')).toMatchObject({
        status: 3,
        stdout: 'master,node[001-002]: root\n',
        stderr: 'node001: no\nnode001: exit status 3\nmaster,node002: succeeded\n',
      })
    })

    test('only on the nodes named, as another user; to a program as JSON', async () => {
      const { nodes, ...about } = JSON.parse(
        await ok('exec', 't', '-n', 'workers', '-u', 'sgeadmin', '--json', '--', 'id', '-un'),
      )
      expect(about).toEqual({ cluster: 't', command: 'id -un' })
      expect(nodes).toEqual(
        ['node001', 'node002'].map((node) => ({
          node,
          instanceId: expect.stringMatching(/^i-/),
          exitStatus: 0,
          stdout: 'sgeadmin\n',
          stderr: '',
          duration: expect.any(Number),
          error: null,
        })),
      )
    })

    test('of a single node output comes as it is, at once, and its status is ours', async () => {
      const script = 'printf "no line end"; sleep 600'
      const interrupted = await runCli(['exec', 't', '-n', 'node[001]', '--', script], {
        env: home.env,
        interruptAt: /no line end/,
      })
      expect(interrupted).toMatchObject({ status: 130, stdout: 'no line end' })
      expect(await sc('exec', 't', '-n', 'node001', 'printf x; printf y >&2; kill -9 $$')).toMatchObject({
        status: 137,
        stdout: 'x',
      })
    })

    test('Ctrl-C and a time limit end the command on all nodes', async () => {
      const script = (seconds: number) => `[ $(hostname) = master ] && echo done || sleep ${seconds}`
      expect(await sc('exec', 't', '--timeout', '1s', script(601))).toMatchObject({
        status: 124,
        stdout: 'master: done\n',
        stderr: expect.stringContaining('node[001-002]: did not end within 1 s and was stopped'),
      })
      expect((await sc('exec', 't', 'pgrep -x sleep')).stdout).toBe('')
    })

    test('what cannot be is said, with the nearest', async () => {
      for (const [args, status, why] of [
        [['t', '-n', 'nod001', 'true'], 1, /no node nod001 \(did you mean node001\?\)/],
        [['t', '-n', 'wrkers', 'true'], 1, /did you mean workers\?/],
        [['t', '-n', 'node[001', 'true'], 1, /no list of nodes/],
        [['u', 'true'], 1, /cluster u does not exist/],
        [['t'], 2, /missing required argument 'command'/],
        [['t', '--timeout', 'soon', 'true'], 2, /"soon" is not a length of time/],
      ] as const)
        expect(await sc('exec', ...args), args.join(' ')).toMatchObject({ status, stderr: expect.stringMatching(why) })
    })
  })
})
