import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SshClient } from '../../../src/core/ssh/client.js'
import { parseHostKey } from '../../../src/core/ssh/host-keys.js'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { KnownHosts } from '../../../src/core/ssh/known-hosts.js'
import { clientOf } from '../../support/ssh-client.js'
import { haveSshd, type RunningSshd, startSshd } from '../../support/sshd.js'

describe.skipIf(!haveSshd())('a connection to sshd', () => {
  let sshd: RunningSshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd?.[Symbol.asyncDispose]())

  test('is made once, at first use, and again by itself when it has broken', async () => {
    using ssh = clientOf(sshd)
    expect(ssh.isActive()).toBe(false)
    const [one, two] = await Promise.all([ssh.execute('echo $SSH_CLIENT'), ssh.execute('echo $SSH_CLIENT')])
    expect(one.stdout).toBe(two.stdout)
    expect(ssh.isActive()).toBe(true)
    await sshd.stop()
    await sshd.start()
    const three = await ssh.execute('echo $SSH_CLIENT')
    expect(three.stdout).not.toBe(one.stdout)
  })

  test('a command running when it breaks is told as lost, not run twice', async () => {
    using ssh = clientOf(sshd)
    await ssh.connect()
    const file = join(sshd.directory, 'runs')
    // kills the sshd process that serves this connection
    const lost = ssh.execute(`echo run >> ${file}; kill -KILL $PPID; sleep 0.1`)
    await expect(lost).rejects.toMatchObject({
      code: 'SSHConnectionError',
      message: expect.stringContaining('node001'),
    })
    await ssh.execute('true')
    expect(readFileSync(file, 'utf8')).toBe('run\n')
  })

  /** Stops the process of sshd that serves this client's connection: nothing is answered, nothing is closed. */
  async function silence(ssh: SshClient): Promise<Disposable> {
    const pid = Number((await ssh.execute('echo $PPID')).stdout)
    process.kill(pid, 'SIGSTOP')
    return { [Symbol.dispose]: () => process.kill(pid, 'SIGKILL') }
  }

  test('one that has gone silent is replaced before anything was run on it', { timeout: 60_000 }, async () => {
    using ssh = clientOf(sshd)
    const file = join(sshd.directory, 'silent-runs')
    using _ = await silence(ssh)
    await ssh.execute(`echo run >> ${file}`)
    expect(readFileSync(file, 'utf8')).toBe('run\n')
  })

  test('a command on one that goes silent is told as lost', { timeout: 90_000 }, async () => {
    using ssh = clientOf(sshd)
    const running = ssh.execute('tail --pid=$PPID -f /dev/null')
    running.catch(() => undefined)
    using _ = await silence(ssh)
    await expect(running).rejects.toMatchObject({ code: 'SSHConnectionError' })
    expect((await ssh.execute('echo again')).lines).toEqual(['again'])
  })

  test('files work again after it has broken', async () => {
    using ssh = clientOf(sshd)
    expect(await ssh.isdir('/')).toBe(true)
    await sshd.stop()
    await sshd.start()
    expect(await ssh.isdir('/')).toBe(true)
  })

  test('more commands than sshd allows sessions wait for their turn', async () => {
    await using small = await startSshd({ config: ['MaxSessions 2'] })
    using ssh = clientOf(small)
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => ssh.execute(`echo ${index}`)))
    expect(results.map((result) => Number(result.stdout))).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })

  test('a changed host key is refused and nothing is run, with what to do', async () => {
    await using node = await startSshd()
    const known = new KnownHosts(join(node.directory, 'known_hosts'))
    await known.pin('i-1', [parseHostKey(node.hostKey)!])
    using ssh = clientOf(node, { hostKeys: known.pinned('i-1', { name: 'node001' }) })
    await ssh.execute('true')
    expect(await ssh.getServerPublicKey()).toBe(node.hostKey)
    await node.stop()
    await node.start({ hostKey: await generateKeyPair() })
    await expect(ssh.execute('touch ran')).rejects.toMatchObject({
      code: 'HostKeyMismatch',
      message: expect.stringContaining('node001: the host key has CHANGED'),
      hint: expect.stringContaining('ssh-keygen -R'),
    })
    await known.forget('i-1')
    await expect(ssh.execute('true')).rejects.toMatchObject({ code: 'HostKeyUnknown' })
  })

  test('a server with only an rsa key is accepted by that key', { timeout: 120_000 }, async () => {
    await using node = await startSshd({ hostKeyType: 'rsa' })
    const known = new KnownHosts(join(node.directory, 'known_hosts'))
    await known.pin('i-1', [parseHostKey(node.hostKey)!])
    using ssh = clientOf(node, { hostKeys: known.pinned('i-1') })
    expect((await ssh.execute('echo ok')).lines).toEqual(['ok'])
  })

  test('another key is not let in', async () => {
    const { privateKey } = await generateKeyPair()
    using ssh = clientOf(sshd, { privateKey })
    await expect(ssh.connect()).rejects.toMatchObject({
      code: 'SSHAuthException',
      message: expect.stringContaining('refused the key'),
    })
    using broken = clientOf(sshd, { privateKey: 'no key' })
    await expect(broken.connect()).rejects.toMatchObject({ code: 'SSHNoCredentialsError' })
  })

  test('nobody listens, nobody answers, no ssh there', async () => {
    const whyUnreachable = () => Promise.reject(new Error('is asked only where nothing answers'))
    using closed = clientOf({ ...sshd, port: 1 } as RunningSshd, { whyUnreachable })
    await expect(closed.connect()).rejects.toMatchObject({
      code: 'SSHConnectionError',
      message: expect.stringContaining('connection refused'),
    })
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    const rude = createServer((socket) => socket.end('220 mail ready\r\n')).listen(0, '127.0.0.1')
    try {
      await Promise.all([silent, rude].map((server) => once(server, 'listening')))
      const portOf = (server: typeof silent) => (server.address() as { port: number }).port
      using slow = clientOf({ ...sshd, port: portOf(silent) } as RunningSshd, { connectTimeoutMs: 200 })
      await expect(slow.connect()).rejects.toThrow('within 200 ms')
      using shut = clientOf({ ...sshd, port: portOf(silent) } as RunningSshd, {
        connectTimeoutMs: 200,
        whyUnreachable: async () => 'your address is another one',
      })
      await expect(shut.connect()).rejects.toMatchObject({ hint: 'your address is another one' })
      using wrong = clientOf({ ...sshd, port: portOf(rude) } as RunningSshd)
      await expect(wrong.connect()).rejects.toMatchObject({ code: 'SSHConnectionError' })
      const aborting = new AbortController()
      using left = clientOf({ ...sshd, port: portOf(silent) } as RunningSshd)
      const waiting = left.execute('true', { signal: aborting.signal })
      aborting.abort(new Error('Ctrl-C'))
      await expect(waiting).rejects.toThrow('Ctrl-C')
    } finally {
      silent.close()
      rude.close()
    }
  })

  test('fifty clients at once', { timeout: 120_000 }, async () => {
    const clients = Array.from({ length: 50 }, () => clientOf(sshd))
    const results = await Promise.all(clients.map((ssh, index) => ssh.execute(`echo ${index}`)))
    for (const ssh of clients) ssh.close()
    expect(results.map((result) => Number(result.stdout))).toEqual(clients.map((_, index) => index))
  })

  test('closing ends it; a client that is used again connects again', async () => {
    const ssh = clientOf(sshd)
    await ssh.execute('true')
    ssh.close()
    expect(ssh.isActive()).toBe(false)
    expect((await ssh.execute('echo again')).lines).toEqual(['again'])
    ssh.close()
  })

  test('switching users logs in with the same key', async () => {
    using ssh = clientOf(sshd)
    expect(ssh.getCurrentUser()).toBe(sshd.username)
    await ssh.switchUser(sshd.username)
    await expect(ssh.switchUser('no-such-user')).rejects.toMatchObject({ code: 'SSHAuthException' })
    expect(ssh.getCurrentUser()).toBe(sshd.username)
  })
})
