import type { Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2'
import type { SimulatedMachine, StockLogin } from './machine.js'
import { serveSftp } from './sftp.js'

export interface SimulatedSshd {
  /** Ends the listener and all connections. */
  close(): Promise<void>
}

/** A real SSH server whose commands and files are those of a simulated machine. */
export async function startSshd(
  machine: SimulatedMachine,
  place: { readonly host: string; readonly port: number },
): Promise<SimulatedSshd> {
  const sockets = new Set<Socket>()
  const { hostKey, loginKeys, stock } = machine.options
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client: Connection) => {
    client.on('error', () => undefined) // a client that is killed breaks off anywhere
    let login: Login = { user: '' }
    client.on('authentication', (context) => {
      if (!mayTry(machine, context.username) || !admits(context, loginKeys())) return context.reject(['publickey'])
      login = { user: context.username, ...(isRefused(machine, context.username) ? { refusal: stock?.refusal } : {}) }
      context.accept()
    })
    client.on('ready', () => machine.logins.push(login.user))
    client.on('session', (accept) => {
      const session = accept()
      session.on('exec', (take, _reject, { command }) => serveLogin(machine, client, login, take(), command))
      session.on('sftp', (take) => serveSftp(machine, take()))
    })
  })
  const listener = (server as unknown as { _srv: import('node:net').Server })._srv
  listener.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(place.port, place.host, resolve)
  })
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

interface Login {
  readonly user: string
  /** sshd runs nothing for it. */
  readonly refusal?: StockLogin['refusal'] | undefined
}

const isRefused = ({ options, rootIsOpen }: SimulatedMachine, user: string) =>
  user === 'root' && options.stock !== undefined && !rootIsOpen

function mayTry(machine: SimulatedMachine, user: string): boolean {
  const { stock } = machine.options
  return user === 'root' ? !(isRefused(machine, user) && stock?.refusal === 'silent') : user === stock?.user
}

function serveLogin(
  machine: SimulatedMachine,
  client: Connection,
  { user, refusal }: Login,
  channel: ServerChannel,
  command: string,
): void {
  if (refusal === 'hung up') return void client.end()
  if (refusal === undefined) return void serveExec(machine, channel, command, user)
  // As cloud-init's forced command, which then sleeps before it ends.
  channel.on('error', () => undefined)
  channel.write(`Please login as the user "${machine.options.stock?.user}" rather than the user "root".\n\n`)
}

function admits(context: AuthContext, loginKeys: readonly string[]): boolean {
  if (context.method !== 'publickey') return false
  const known = loginKeys
    .map((line) => ssh2.utils.parseKey(line))
    .find((key): key is ParsedKey => !(key instanceof Error) && key.getPublicSSH().equals(context.key.data))
  if (!known) return false
  if (!context.signature || !context.blob) return true // asked whether the key would do
  return known.verify(context.blob, context.signature, context.hashAlgo) === true
}

async function serveExec(
  machine: SimulatedMachine,
  channel: ServerChannel,
  command: string,
  user: string,
): Promise<void> {
  channel.on('error', () => undefined)
  const stdin: Buffer[] = []
  channel.on('data', (chunk: Buffer) => stdin.push(chunk))
  await new Promise((resolve) => channel.once('end', resolve))
  const input = Buffer.concat(stdin).toString('latin1')
  const { marker, script } = taken(command)
  const asked = { kind: 'ssh', what: nameOf(script, input), machine: machine.id } as const
  const { watch } = machine.options
  await watch('before', asked)
  const { stdout, stderr, exitCode } =
    user === 'root' ? machine.run(script, input) : machine.runAsImageUser(script, input)
  await watch('after', asked)
  channel.stderr.write(Buffer.from(marker + stderr, 'latin1'))
  if (stdout !== '') channel.write(Buffer.from(stdout, 'latin1'))
  channel.exit(exitCode)
  channel.end()
}

/** The line without what tells the client its process id: that is answered as a shell would. */
function taken(command: string): { marker: string; script: string } {
  const [whole = '', nonce] = /^printf '\\036([0-9a-f]+) %s\\036' "\$\$" >&2\n/.exec(command) ?? []
  return nonce === undefined
    ? { marker: '', script: command }
    : { marker: `\x1e${nonce} 4711\x1e`, script: command.slice(whole.length) }
}

function nameOf(script: string, input: string): string {
  const steps = [...input.matchAll(/^sc_step=([\w-]+)$/gm)].map(([, name]) => name).filter((name) => name !== 'start')
  return steps.length > 0 ? `script ${steps.join(' ')}` : (script.split('\n').at(-1) ?? '').slice(0, 60)
}
