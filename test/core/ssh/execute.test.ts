import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Logger } from '../../../src/core/log.js'
import type { SshClient } from '../../../src/core/ssh/client.js'
import { sh } from '../../../src/core/ssh/quote.js'
import { waitFor } from '../../../src/core/wait.js'
import { clientOf } from '../../support/ssh-client.js'
import { haveSshd, type RunningSshd, startSshd } from '../../support/sshd.js'

describe.skipIf(!haveSshd())('a command on a node', () => {
  let sshd: RunningSshd
  let ssh: SshClient
  const logged: string[] = []
  beforeAll(async () => {
    sshd = await startSshd()
    ssh = clientOf(sshd, { log: recorder(logged) })
  })
  afterAll(async () => {
    ssh?.close()
    await sshd?.[Symbol.asyncDispose]()
  })

  test('says everything about its end, and iterates over its lines', async () => {
    const result = await ssh.execute("printf 'one\\ntwo  \\n'; echo 'to stderr' >&2")
    expect(result).toMatchObject({ exitCode: 0, signal: null, stdout: 'one\ntwo  \n', stderr: 'to stderr\n' })
    expect([...result]).toEqual(['one', 'two', 'to stderr'])
    expect(result.durationMs).toBeGreaterThan(0)
  })

  test('failing rejects with node, command, exit code and output', async () => {
    const error = await ssh.execute('echo out; echo err >&2; exit 3').catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'RemoteCommandFailed',
      node: 'node001',
      command: 'echo out; echo err >&2; exit 3',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      message: 'node001: command failed (exit code 3): echo out; echo err >&2; exit 3\n  out\n  err',
    })
    await expect(ssh.execute('kill -KILL $$')).rejects.toMatchObject({ exitCode: null, signal: 'SIGKILL' })
  })

  test('failing can be an answer', async () => {
    expect((await ssh.execute('exit 4', { ignoreExitStatus: true })).exitCode).toBe(4)
    expect((await ssh.execute('exit 5', { raiseOnFailure: false })).exitCode).toBe(5)
    expect(logged.join('\n')).toContain('error: node001: command failed (exit code 5): exit 5')
    expect(await ssh.getStatus('exit 6')).toBe(6)
    expect(await ssh.getStatus('kill -TERM $$')).toBe(143)
  })

  test('a hundred at once, each with its own output, also when they are over at once', async () => {
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => ssh.execute(sh`echo ${index}`)))
    expect(results.map((result) => result.stdout)).toEqual(results.map((_, index) => `${index}\n`))
  })

  test('output is passed on as it comes, no faster than it is taken, and is not kept then', async () => {
    const taken: Record<string, Buffer[]> = { stdout: [], stderr: [] }
    let busy = 0
    const result = await ssh.execute('head -c 4000000 /dev/zero; echo end >&2; exit 3', {
      ignoreExitStatus: true,
      onOutput: async (stream, chunk) => {
        expect(++busy, 'given more before the last was taken').toBeLessThanOrEqual(2) // one for each stream
        taken[stream]!.push(chunk)
        await new Promise((resolve) => setImmediate(resolve))
        busy -= 1
      },
    })
    expect(Buffer.concat(taken.stdout!)).toHaveLength(4_000_000)
    expect(Buffer.concat(taken.stderr!).toString()).toBe('end\n')
    expect(result).toMatchObject({ exitCode: 3, stdout: '', stderr: '' })
  })

  test('standard input is what was given, else empty', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
    const { stdout } = await ssh.execute('sha256sum', { stdin: bytes })
    const { createHash } = await import('node:crypto')
    expect(stdout).toContain(createHash('sha256').update(bytes).digest('hex'))
    expect((await ssh.execute('cat; echo end')).stdout).toBe('end\n')
    // a command that does not read its input is no failure of ours
    expect((await ssh.execute('exec 0<&-; echo unread', { stdin: Buffer.alloc(3_000_000) })).stdout).toBe('unread\n')
  })

  test('large output arrives whole', async () => {
    const { stdout, stderr } = await ssh.execute(
      "head -c 5000000 /dev/zero | tr '\\0' x; head -c 1000000 /dev/zero | tr '\\0' y >&2",
    )
    expect([stdout.length, stderr.length]).toEqual([5_000_000, 1_000_000])
  })

  test('text of several bytes a character is not torn', async () => {
    const text = 'ä€😀'.repeat(20_000)
    expect((await ssh.execute('cat', { stdin: text })).stdout).toBe(text)
  })

  test('environment and profile', async () => {
    const env = { GREETING: "it's $HOME\n!", EMPTY: '' }
    expect((await ssh.execute('printf %s "$GREETING$EMPTY"', { env })).stdout).toBe(env.GREETING)
    await expect(ssh.execute('true', { env: { 'A;B': '' } })).rejects.toThrow(TypeError)
    // Debian's /etc/profile sets PS1 for non-login shells too, nothing else does here
    const withProfile = await ssh.execute('echo "$PATH"')
    const without = await ssh.execute('echo "$PATH"', { sourceProfile: false })
    expect(withProfile.stdout).toContain('/usr/bin')
    expect(without.stdout).toContain('/usr/bin')
  })

  test('as another user, in that home, with the environment given', async () => {
    const result = await ssh.execute(sh`id -un; printf '%s\\n' ${"a 'b"} "$X"`, {
      user: 'nobody',
      env: { X: 'y z' },
      ignoreExitStatus: true,
    })
    // Debian's nobody has no login shell, which says so; elsewhere it is nobody
    if (result.failed) expect(result.stdout).toContain('not available')
    else expect(result.stdout).toBe("nobody\na 'b\ny z\n")
    const missing = await ssh.execute('id', { user: 'no-such-user', ignoreExitStatus: true })
    expect(missing.failed).toBe(true)
  })

  test('everything is logged at debug level, output unless told not to', async () => {
    logged.length = 0
    await ssh.execute('echo shown')
    await ssh.execute('echo password-is-$((6*7))', { logOutput: false })
    await ssh
      .execute('echo a-b-$((6*7)); exit 1', { logOutput: false })
      .catch((error: Error) => logged.push(error.message))
    const text = logged.join('\n')
    expect(text).toContain('debug: node001: executing: echo shown')
    expect(text).toContain('\n  shown')
    expect(text).not.toContain('password-is-42')
    expect(text).not.toContain('a-b-42')
  })

  test('silent: false tells lines as they come', async () => {
    logged.length = 0
    await ssh.execute("echo one; echo two >&2; printf 'no end'", { silent: false })
    expect(logged.filter((line) => line.startsWith('info')).sort()).toEqual([
      'info: node001: no end',
      'info: node001: one',
      'info: node001: two',
    ])
  })

  test('a label stands for a long script', async () => {
    await expect(ssh.execute('\nexit 2\n', { label: 'mount /home' })).rejects.toThrow(
      'node001: command failed (exit code 2): mount /home',
    )
  })

  test('detached, it goes on without us', async () => {
    const marker = `${sshd.directory}/detached`
    const { exitCode } = await ssh.executeAsync(sh`sleep 0.2; echo $PPID > ${marker}`)
    expect(exitCode).toBe(0)
    ssh.close()
    await waitFor('the detached command', () => readdirSync(sshd.directory).includes('detached'), {
      timeoutMs: 30_000,
      intervalMs: 20,
    })
  })

  test('a daemon that keeps our output open does not hang the command', async () => {
    logged.length = 0
    const { stdout } = await ssh.execute('sleep 98765 & echo $!')
    const pid = Number(stdout)
    expect(pid).toBeGreaterThan(1)
    expect(logged.join('\n')).toContain('warning: node001: a background process keeps the output of this command open')
    process.kill(pid)
  })

  describe('ending', () => {
    const commands = {
      'with children': 'sleep TAG & sh -c "sleep TAG; true" & (sleep TAG; sleep TAG)',
      'that ignores TERM': 'trap "" TERM; sleep TAG; sleep TAG; sleep TAG',
      'in other process groups': 'timeout 5000 sleep TAG & set -m; sleep TAG & wait',
      'with its output closed': 'exec > /dev/null 2>&1; sleep TAG; true',
      'with an empty environment': 'env -i sleep TAG',
    }
    for (const [index, [what, command]] of Object.entries(commands).entries())
      test(`a command ${what} ends it on the node`, async () => {
        const tag = `31${process.pid}${index}`
        const controller = new AbortController()
        const running = ssh.execute(command.replaceAll('TAG', tag), { signal: controller.signal })
        running.catch(() => undefined)
        await waitFor('the command to run', () => processesWith(tag).length > 0, { timeoutMs: 30_000, intervalMs: 10 })
        const reason = new Error('Ctrl-C')
        controller.abort(reason)
        await expect(running).rejects.toBe(reason)
        expect(processesWith(tag)).toEqual([])
        expect((await ssh.execute('echo still here')).lines).toEqual(['still here'])
      })

    test('a deadline ends it too, and says what it had said', async () => {
      const tag = `32${process.pid}`
      const error = await ssh
        .execute(`echo begun; sleep ${tag}`, { timeoutMs: 1500 })
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        code: 'RemoteCommandTimedOut',
        node: 'node001',
        stdout: 'begun\n',
        timeoutMs: 1500,
      })
      expect(processesWith(tag)).toEqual([])
    })

    test('while it waits for a free channel, nothing is run', async () => {
      const tag = `33${process.pid}`
      const controller = new AbortController()
      const six = Array.from({ length: 6 }, () => ssh.execute(`sleep ${tag}`, { signal: controller.signal }))
      const waiting = new AbortController()
      const seventh = ssh.execute(`touch ${sshd.directory}/seventh`, { signal: waiting.signal })
      waiting.abort(new Error('not any more'))
      await expect(seventh).rejects.toThrow('not any more')
      controller.abort(new Error('all'))
      await Promise.all(six.map((one) => expect(one).rejects.toThrow('all')))
      expect(processesWith(tag)).toEqual([])
      expect(readdirSync(sshd.directory)).not.toContain('seventh')
    })

    test('an aborted signal runs nothing; the client has a signal of its own', async () => {
      const aborted = AbortSignal.abort(new Error('too late'))
      await expect(ssh.execute('true', { signal: aborted })).rejects.toThrow('too late')
      const controller = new AbortController()
      const tag = `34${process.pid}`
      using other = clientOf(sshd, { signal: () => controller.signal })
      const running = other.execute(`sleep ${tag}`, { signal: new AbortController().signal })
      running.catch(() => undefined)
      await waitFor('the command to run', () => processesWith(tag).length > 0, { timeoutMs: 30_000, intervalMs: 10 })
      controller.abort(new Error('plugin stopped'))
      await expect(running).rejects.toThrow('plugin stopped')
      expect(processesWith(tag)).toEqual([])
    })
  })
})

/** Living processes that have `tag` in their arguments. */
function processesWith(tag: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        const dead = /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
        return dead ? '' : readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return '' // it ended while we looked
      }
    })
    .filter((line) => line.includes(tag))
}

function recorder(lines: string[]): Logger {
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warning'),
    error: at('error'),
    critical: at('critical'),
    fatal: at('fatal'),
  }
}
