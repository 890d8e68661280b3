import { randomUUID } from 'node:crypto'
import type { KeyPair } from '../../../src/core/ssh/keys.js'
import { SimulatedFiles } from './files.js'
import { type Outcome, runShell } from './shell.js'
import { type SimulatedSshd, startSshd } from './sshd.js'
import type { Watch } from './watch.js'

/** How the image of a machine refuses root until his login is opened. */
export interface StockLogin {
  /** Who is let in instead, and may use sudo. */
  readonly user: string
  /** By a forced command that names the user; by not taking the key; by hanging up at the first command. */
  readonly refusal: 'told' | 'silent' | 'hung up'
  /** sudo asks for a password. */
  readonly sudoAsks?: true
}

export interface MachineOptions {
  readonly id: string
  readonly hostname: string
  readonly privateIp: string
  readonly hostKey: KeyPair
  /** Public keys that open root's account. */
  readonly loginKeys: () => readonly string[]
  /** The running machine at a private address. */
  readonly neighbour: (privateIp: string) => SimulatedMachine | undefined
  readonly watch: Watch
  /** Absent: root is let in. */
  readonly stock?: StockLogin | undefined
}

/** A machine that is none: files, users, exports and mounts in memory, behind a real ssh server. */
export class SimulatedMachine {
  readonly files = new SimulatedFiles()
  /** Sources by mount point. */
  readonly mounts = new Map<string, string>()
  servesNfs = false
  isOn = false
  /** Who has logged in, one after the other. */
  readonly logins: string[] = []
  rootIsOpen = false
  bootId = ''
  console = ''
  /** Commands a script may still run before it is cut off, as when its connection breaks; for tests. */
  commandsLeft = Number.POSITIVE_INFINITY
  private sshd: SimulatedSshd | undefined

  constructor(readonly options: MachineOptions) {
    const { files } = this
    files.write('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n')
    files.write('/etc/group', 'root:x:0:\ndaemon:x:1:\n')
    files.write('/etc/hosts', '127.0.0.1 localhost\n')
    files.write('/etc/hostname', `${options.hostname}\n`)
    files.write('/etc/ssh/ssh_host_ed25519_key.pub', `${options.hostKey.publicKey.trim()}\n`)
    files.directory('/home')
  }

  get id(): string {
    return this.options.id
  }

  hostname(): string {
    return (this.files.read('/etc/hostname') ?? '').trim()
  }

  /** @param address where its sshd listens, if it does */
  async powerOn(address: string, port: number, listens = true): Promise<void> {
    this.isOn = true
    this.bootId = randomUUID()
    this.files.write('/proc/sys/kernel/random/boot_id', `${this.bootId}\n`)
    for (const line of (this.files.read('/etc/fstab') ?? '').split('\n')) {
      const [source = '', path = ''] = line.split(' ')
      if (path !== '') this.mounts.set(path, source)
    }
    this.servesNfs = this.files.get('/etc/exports') !== undefined
    this.console += consoleText(this.options.hostname, this.options.hostKey)
    if (listens) this.sshd = await startSshd(this, { host: address, port })
  }

  async powerOff(): Promise<void> {
    this.isOn = false
    this.mounts.clear()
    await this.sshd?.close()
    this.sshd = undefined
  }

  run(command: string, stdin: string) {
    return runShell(this, command, stdin)
  }

  /** What the image's user does on it: becomes root to open root's login. */
  runAsImageUser(command: string, stdin: string): Outcome {
    if (!command.includes('sudo -n ')) return runShell(this, command, stdin, this.options.stock?.user)
    if (this.options.stock?.sudoAsks) return { stdout: '', stderr: 'sudo: a password is required\n', exitCode: 1 }
    this.rootIsOpen ||= stdin.includes('sc_step=root-login')
    return { stdout: '', stderr: '', exitCode: 0 }
  }

  mayGoOn(): boolean {
    return this.commandsLeft-- > 0
  }

  /** As an NFS server decides: by its exports, for our address. */
  mayMount(source: string): boolean {
    const [server = '', path = ''] = source.split(':')
    const line = (this.files.read('/etc/hosts') ?? '')
      .split('\n')
      .find((one) => one.split(' ').slice(1).includes(server))
    const from = this.options.neighbour(line?.split(' ')[0] ?? '')
    const exported = from?.files.read('/etc/exports')?.split('\n') ?? []
    return (from?.servesNfs ?? false) && exported.some((one) => one.startsWith(`${path} ${this.options.privateIp}(`))
  }
}

/** As cloud-init prints host keys. */
function consoleText(hostname: string, { publicKey }: KeyPair): string {
  const lines = [
    '-----BEGIN SSH HOST KEY KEYS-----',
    publicKey.trim(),
    '-----END SSH HOST KEY KEYS-----',
    `${hostname} login:`,
  ]
  return `${lines.join('\n')}\n`
}
