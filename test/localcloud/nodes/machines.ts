import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { CloudLog } from '../../../src/localcloud/cloud.js'
import { diskRoot } from '../../../src/localcloud/disk-root.js'
import { diskPaths } from '../../../src/localcloud/nodes/disk-paths.js'
import type { InstanceMetadata, NodeEngine, NodeSpec } from '../../../src/localcloud/nodes/engine.js'
import { type BaseImage, ImageStore } from '../../../src/localcloud/nodes/images.js'
import { createNodeEngine, type NodeEngineOptions } from '../../../src/localcloud/nodes/index.js'
import { Supervisor } from '../../../src/localcloud/nodes/supervisor.js'
import { localPaths } from '../../../src/localcloud/paths.js'

export { canRunNodes } from '../../support/privileges.js'
export const isRoot = process.getuid?.() === 0
/** Where this user's machines are: the base image is the one that everything of his on this computer shares. */
export const DISK_ROOT = diskRoot(process.env, localPaths(process.env))
export const SLOW = 300_000

export interface RemoteResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An engine with a home of its own, and what a test does with its nodes. */
export class Machines {
  readonly dir = mkdtempSync(join(tmpdir(), 'sc-nodes-'))
  readonly keyFile = join(this.dir, 'key')
  readonly exits: string[] = []
  /** This home's directory among the disks, and its name, which its control groups have too. */
  private readonly homeDir: string
  readonly home: string
  readonly userData = new Map<string, Buffer>()
  engine: NodeEngine
  protected image: BaseImage | undefined

  /** @param makeEngine of another back end; @param diskRoot where its images and disks are */
  constructor(
    private readonly makeEngine: (machines: Machines) => NodeEngine = (machines) =>
      createNodeEngine(machines.options()),
    readonly diskRoot: string = DISK_ROOT,
  ) {
    this.homeDir = diskPaths(diskRoot, join(this.dir, 'state')).home
    this.home = basename(this.homeDir)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.keyFile])
    this.engine = this.newEngine()
  }

  newEngine(): NodeEngine {
    const engine = this.makeEngine(this)
    engine.onExit((id) => this.exits.push(id))
    return engine
  }

  options(): NodeEngineOptions {
    return {
      stateDir: join(this.dir, 'state'),
      diskRoot: this.diskRoot,
      network: '10.78.0.0/16',
      sshPort: 22022,
      metadata: { instanceAt: (ip) => this.metadata(ip) },
      log: quiet,
    }
  }

  async open(): Promise<void> {
    this.image = await new ImageStore(this.diskRoot).ensureBase()
    await this.engine.open()
  }

  /** Everything away, whatever state the test left. */
  async dispose(): Promise<void> {
    await this.engine.reset()
    rmSync(this.dir, { recursive: true, force: true })
  }

  spec(number: number, changes: Partial<NodeSpec['limits']> = {}): NodeSpec {
    return {
      id: `i-${number}`,
      layers: this.image?.layers ?? [],
      privateIp: `10.78.5.${number}`,
      hostname: `ip-10-78-5-${number}`,
      publicIp: `${this.engine.publicPrefix}.${number}`,
      limits: { cpus: 2, memoryMiB: 1024, pids: 512, ...changes },
    }
  }

  private metadata(ip: string): InstanceMetadata | undefined {
    if (!ip.startsWith('10.78.5.')) return undefined
    const id = `i-${ip.split('.')[3]}`
    const userData = this.userData.get(id)
    const tree = {
      'instance-id': id,
      'local-ipv4': ip,
      'placement/availability-zone': 'local-a',
      'public-keys/0/openssh-key': readFileSync(`${this.keyFile}.pub`, 'utf8'),
    }
    return { instanceId: id, tree, dynamic: {}, tokenRequired: true, ...(userData && { userData }) }
  }

  /** Runs a command as root of a node. */
  run(number: number, command: string, input = ''): Promise<RemoteResult> {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'ConnectTimeout=30',
      'IdentitiesOnly=yes',
    ]
    const args = ['-i', this.keyFile, '-p', '22022', ...options.flatMap((option) => ['-o', option])]
    return new Promise((resolve, reject) => {
      const child = spawn('ssh', [...args, `root@${this.spec(number).publicIp}`, command])
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (data) => (stdout += data))
      child.stderr.on('data', (data) => (stderr += data))
      child.once('error', reject)
      child.once('close', (exitCode) => resolve({ exitCode, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() }))
      child.stdin.on('error', () => undefined).end(input)
    })
  }

  /** Output of a command that must work. */
  async out(number: number, command: string, input = ''): Promise<string> {
    const result = await this.run(number, command, input)
    if (result.exitCode !== 0) throw new Error(`on ${number}: ${command}\n${JSON.stringify(result)}`)
    return result.stdout
  }

  /** Pid of a node's PID 1 as the host sees it. */
  async hostPid(id: string): Promise<number> {
    const supervisor = await Supervisor.find(this.homeDir)
    const node = (await supervisor?.list())?.find((one) => one.id === id)
    if (!node?.host_pid) throw new Error(`${id} does not run`)
    return Number(node.host_pid)
  }

  /** Waits until something holds. */
  async until(what: string, probe: () => boolean | Promise<boolean>, deadlineMs = 120_000): Promise<void> {
    const end = Date.now() + deadlineMs
    while (!(await probe())) {
      if (Date.now() > end) throw new Error(`still not: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** A word found nowhere else. */
  readonly secret = randomBytes(12).toString('hex')
}

const quiet: CloudLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
