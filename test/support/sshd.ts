import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, type KeyPair } from '../../src/core/ssh/keys.js'
import { waitFor } from '../../src/core/wait.js'

export interface RunningSshd extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly username: string
  /** Logs in as root (or as the user who runs the tests). */
  readonly privateKey: string
  readonly privateKeyFile: string
  /** The host's public key line. */
  readonly hostKey: string
  readonly directory: string
  /** Ends the server's listener and all connections; `start` brings it back on the same port. */
  stop(): Promise<void>
  start(options?: { hostKey?: KeyPair }): Promise<void>
}

export interface SshdOptions {
  /** Lines for sshd_config. */
  readonly config?: readonly string[]
  readonly hostKeyType?: 'ed25519' | 'rsa'
}

const SSHD = '/usr/sbin/sshd'

/** Whether Debian's openssh-server is installed. Says so aloud when it is not. */
export function haveSshd(): boolean {
  try {
    accessSync(SSHD, constants.X_OK)
    return true
  } catch {
    console.warn('SKIPPED: tests against a real sshd (install the package openssh-server, scripts/test does)')
    return false
  }
}

/** A real sshd on a free loopback port, with keys and configuration of its own in a temporary directory. */
export async function startSshd({ config = [], hostKeyType = 'ed25519' }: SshdOptions = {}): Promise<RunningSshd> {
  const directory = await mkdtemp(join(tmpdir(), 'starcluster-sshd-'))
  // sshd reads authorized_keys as the user who logs in
  await chmod(directory, 0o711)
  const [client, host] = await Promise.all([generateKeyPair('ed25519'), generateKeyPair(hostKeyType)])
  const port = await freePort()
  await Promise.all([
    mkdir('/run/sshd', { recursive: true }),
    writeFile(join(directory, 'client_key'), client.privateKey, { mode: 0o600 }),
    writeFile(join(directory, 'authorized_keys'), `${client.publicKey}\n`, { mode: 0o644 }),
    writeFile(join(directory, 'sshd_config'), configText(directory, port, config)),
  ])
  let server: ChildProcess | undefined
  const start = async ({ hostKey = host }: { hostKey?: KeyPair } = {}) => {
    await writeFile(join(directory, 'host_key'), hostKey.privateKey, { mode: 0o600 })
    server = await listen(directory, port)
  }
  const stop = async () => {
    if (server) await endAll(server)
    server = undefined
  }
  await start()
  return {
    host: '127.0.0.1',
    port,
    username: userInfo().username,
    privateKey: client.privateKey,
    privateKeyFile: join(directory, 'client_key'),
    hostKey: host.publicKey.trim(),
    directory,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function configText(directory: string, port: number, more: readonly string[]): string {
  return [
    ...more,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${directory}/host_key`,
    `AuthorizedKeysFile ${directory}/authorized_keys`,
    `PidFile ${directory}/sshd.pid`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'StrictModes no',
    'UsePAM no',
    'MaxStartups 200:30:300',
    // the start-up files of whoever runs the tests stay out of them
    `SetEnv HOME=${directory}`,
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n')
}

async function listen(directory: string, port: number): Promise<ChildProcess> {
  const server = spawn(SSHD, ['-D', '-e', '-f', join(directory, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  })
  await waitFor(
    `sshd on port ${port}`,
    () => {
      if (server.exitCode !== null) throw new Error(`sshd ended: ${said}`)
      return answers(port)
    },
    { timeoutMs: 30_000, intervalMs: 20 },
  )
  return server
}

/** Ends the listener and the processes that serve its connections, which are in sessions of their own. */
async function endAll(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.pid === undefined) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const serving = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').split(' ').filter(Boolean)
  server.kill('SIGKILL')
  for (const pid of serving) killIfThere(Number(pid))
  await ended
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
    socket.once('end', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
