import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { LocalCloudError } from '../local-error.js'
import { guestDir } from './guest-dir.js'
import { hostEnv } from './host-command.js'
import { supervisorIdBase } from './ids.js'
import { asOwnRoot } from './own-root.js'
import { identify, isAlive, type ProcessIdentity } from './process-identity.js'
import { decodeLine, encodeLine, type WireLine } from './supervisor-wire.js'

/** What the supervisor has to know to set up a home. */
export interface SupervisorOptions {
  readonly home: string
  readonly images: string
  readonly network: string
  /** Off: nodes reach each other but nothing else. */
  readonly egress: boolean
}

const PROTOCOL = '1'
const DEFAULT_DEADLINE_MS = 120_000

/** The process that owns the nodes of a home and outlives us (guest/host/supervisor.pl), as seen from here. */
export class Supervisor {
  private constructor(
    private readonly home: string,
    readonly process: ProcessIdentity,
    /** Pid of the process that holds the shared namespaces. */
    readonly holderPid: number,
  ) {}

  /** Finds the living supervisor of a home, or starts one. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const found = await Supervisor.find(options.home)
    if (found) return found
    await start(options)
    const started = await Supervisor.find(options.home)
    if (!started) throw new LocalCloudError('SupervisorFailed', `the supervisor in ${options.home} does not answer`)
    return started
  }

  static async find(home: string): Promise<Supervisor | undefined> {
    let hello: WireLine
    try {
      hello = await ask(home, encodeLine('hello'))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
    if (hello.fields.protocol !== PROTOCOL) {
      const hint = 'Run `starcluster local reset` to start afresh (its nodes and their disks are lost).'
      throw new LocalCloudError('SupervisorFailed', `the nodes in ${home} were started by another version`, { hint })
    }
    const process = identify(Number(hello.fields.pid))
    return process && new Supervisor(home, process, Number(hello.fields.holder))
  }

  /** Arguments of `nsenter` with which a host program enters the network of the nodes, with the rights to change it. */
  get enterNetwork(): string[] {
    // Nothing to enter as root: nsenter would lose rights there.
    const own = process.getuid?.() === 0 ? [] : [`--user=/proc/${this.process.pid}/ns/user`]
    return [...own, `--net=/proc/${this.holderPid}/ns/net`]
  }

  /** Sends a request; rejects with the supervisor's own message. */
  async request(
    word: string,
    fields: Record<string, string | number>,
    deadlineMs = DEFAULT_DEADLINE_MS,
  ): Promise<WireLine> {
    const answer = await ask(this.home, encodeLine(word, fields), deadlineMs)
    if (answer.word === 'ok') return answer
    const message = answer.fields.message ?? `unexpected answer ${answer.word}`
    const inUse = /^in-use: (.*)/s.exec(message)?.[1]
    throw inUse ? new LocalCloudError('VolumeInUse', inUse) : new LocalCloudError('SupervisorFailed', message)
  }

  /** All nodes it knows of, running or not. */
  async list(): Promise<Readonly<Record<string, string>>[]> {
    const socket = connect(this.home)
    socket.write(encodeLine('list'))
    const nodes: Readonly<Record<string, string>>[] = []
    for await (const line of createInterface({ input: socket })) {
      const { word, fields } = decodeLine(line)
      if (word === 'node') nodes.push(fields)
    }
    return nodes
  }

  /** Events until closed. `onEnd` tells that the supervisor went away, which ends all its nodes. */
  async watch(onEvent: (event: WireLine) => void, onEnd: () => void): Promise<{ close(): void }> {
    const socket = connect(this.home)
    let closed = false
    const ready = new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      createInterface({ input: socket }).on('line', (line) => (line === 'ok' ? resolve() : onEvent(decodeLine(line))))
    })
    socket.once('close', () => {
      if (!closed) onEnd()
    })
    socket.write(encodeLine('watch'))
    await ready
    return {
      close() {
        closed = true
        socket.destroy()
      },
    }
  }

  /** Ends it and with it, by the kernel, every node, namespace, mount and link. Resolves when it is gone. */
  async kill(deadlineMs = 30_000): Promise<void> {
    const until = Date.now() + deadlineMs
    if (isAlive(this.process)) process.kill(this.process.pid, 'SIGKILL')
    while (isAlive(this.process)) {
      if (Date.now() > until) throw new LocalCloudError('SupervisorFailed', `process ${this.process.pid} does not end`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

async function start(options: SupervisorOptions): Promise<void> {
  const [address = '', prefix = '16'] = options.network.split('/')
  const host = (last: number) => address.replace(/\.\d+$/, `.${last}`)
  const script = join(guestDir(), 'host', 'supervisor.pl')
  const plan = [
    options.home,
    options.images,
    supervisorIdBase(),
    options.network,
    host(1),
    prefix,
    host(2),
    options.egress ? 1 : 0,
  ]
  const child = spawn(...asOwnRoot('perl', [script, ...plan.map(String)]), {
    detached: true,
    cwd: '/',
    env: hostEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [answer, complaint] = ['', '']
  child.stdout.on('data', (data) => (answer += data))
  child.stderr.on('data', (data) => (complaint += data))
  await once(child, 'close')
  if (/^(ready|busy)/.test(answer)) return
  const why = (answer.replace(/^error /, '') || complaint).trim()
  const hint = 'Run `starcluster local doctor` to see what this machine lacks.'
  throw new LocalCloudError('SupervisorFailed', `the namespaces of the nodes could not be made: ${why}`, { hint })
}

/** The address of a socket has room for 107 bytes; a longer path is reached by way of its directory. */
function connect(home: string): net.Socket {
  const path = join(home, 'control.sock')
  if (Buffer.byteLength(path) <= 107) return net.connect(path)
  let directory: number
  try {
    directory = openSync(home, 'r')
  } catch (error) {
    return new net.Socket().destroy(error as Error)
  }
  return net.connect(`/proc/self/fd/${directory}/control.sock`).once('close', () => closeSync(directory))
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

function ask(home: string, line: string, deadlineMs = DEFAULT_DEADLINE_MS): Promise<WireLine> {
  return new Promise((resolve, reject) => {
    const socket = connect(home)
    let text = ''
    const timer = setTimeout(() => {
      socket.destroy(new LocalCloudError('SupervisorFailed', `no answer from the supervisor in ${deadlineMs} ms`))
    }, deadlineMs)
    socket.setEncoding('utf8').on('data', (data) => {
      text += data
      if (!text.endsWith('\n')) return
      resolve(decodeLine(text.trimEnd()))
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new LocalCloudError('SupervisorFailed', 'the supervisor ended while it was asked'))
    })
    socket.write(line)
  })
}
