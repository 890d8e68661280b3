import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SshClient } from '../../../src/core/ssh/client.js'
import { parseHostKey } from '../../../src/core/ssh/host-keys.js'
import { SshJump } from '../../../src/core/ssh/jump.js'
import { KnownHosts } from '../../../src/core/ssh/known-hosts.js'
import { knownHostsName } from '../../../src/core/ssh/known-hosts-line.js'
import { sshCommandLine } from '../../../src/core/ssh/system-ssh.js'
import { haveSshd, type RunningSshd, startSshd } from '../../support/sshd.js'

describe.skipIf(!haveSshd())('through a jump host', () => {
  /** What is known of both hosts, in a folder with an awkward name. */
  async function knownHosts(jump: RunningSshd, target: RunningSshd): Promise<KnownHosts> {
    const folder = join(jump.directory, "it's 100% known")
    await mkdir(folder)
    const known = new KnownHosts(join(folder, 'known_hosts'))
    for (const one of [jump, target]) await known.pin(knownHostsName(one.host, one.port), [parseHostKey(one.hostKey)!])
    return known
  }

  function wayThrough(jump: RunningSshd, known: KnownHosts): SshJump {
    const { host, port, username, privateKey } = jump
    const hostKeys = known.byAddress({ name: 'jump host j' })
    return new SshJump({ host, port, username, privateKey, name: 'jump host j', hostKeys, connectTimeoutMs: 10_000 })
  }

  function client(target: RunningSshd, jump: SshJump, known: KnownHosts): SshClient {
    const { host, port, username, privateKey } = target
    const through = jump.reach.bind(jump)
    return new SshClient({ host, port, username, privateKey, name: 'node', hostKeys: known.byAddress(), through })
  }

  test('commands and files go as ever, many nodes over one connection, and again after it broke', async () => {
    await using jumpd = await startSshd()
    await using target = await startSshd()
    const known = await knownHosts(jumpd, target)
    using jump = wayThrough(jumpd, known)
    using first = client(target, jump, known)
    using second = client(target, jump, known)
    const connections = (node: SshClient) => node.execute('echo $SSH_CONNECTION')
    const seen = await Promise.all([connections(first), connections(second)])
    for (const { stdout } of seen) expect(stdout).toContain(` ${target.port}`)
    const file = join(target.directory, 'file')
    await first.writeFile(file, 'x'.repeat(200_000))
    expect((await second.readFile(file)).length).toBe(200_000)
    await jumpd.stop()
    await expect(first.execute('true')).rejects.toThrow(/jump host j/)
    await jumpd.start()
    expect((await first.execute('echo back')).stdout).toBe('back\n')
  })

  test('a jump host with another key, and a node that it does not reach, are told as such', async () => {
    await using jumpd = await startSshd()
    await using target = await startSshd()
    const known = await knownHosts(jumpd, target)
    using jump = wayThrough(jumpd, known)
    using unreached = client({ ...target, port: 1 }, jump, known)
    await expect(unreached.execute('true')).rejects.toThrow(/127\.0\.0\.1:1/)
    await known.pin(knownHostsName(jumpd.host, jumpd.port), [parseHostKey(target.hostKey)!])
    using stranger = wayThrough(jumpd, known)
    using refused = client(target, stranger, known)
    await expect(refused.execute('true')).rejects.toMatchObject({
      code: 'HostKeyMismatch',
      message: expect.stringContaining('jump host j'),
    })
  })

  test("the system's ssh goes the same way", async () => {
    await using jumpd = await startSshd()
    await using target = await startSshd()
    const known = await knownHosts(jumpd, target)
    const line = (jumpKey: string) =>
      sshCommandLine({
        host: target.host,
        port: target.port,
        user: target.username,
        keyFile: target.privateKeyFile,
        knownHostsFile: known.path,
        jump: {
          host: jumpd.host,
          port: jumpd.port,
          user: jumpd.username,
          keyFile: jumpKey,
          knownHostsFile: known.path,
        },
        command: 'echo through; exit 7',
      })
    const run = ([program = '', ...args]: string[]) => spawnSync(program, args, { encoding: 'utf8' })
    const first = run(line(jumpd.privateKeyFile))
    expect(first, first.stderr).toMatchObject({ status: 7, stdout: 'through\n' })
    expect(run(line(target.privateKeyFile))).toMatchObject({ status: 255, stdout: '' })
  })
})
