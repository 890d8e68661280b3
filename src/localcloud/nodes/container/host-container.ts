import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { LocalCloudError } from '../../local-error.js'
import type { ContainerProgram } from './container-program.js'
import { ensureHostImage } from './host-image.js'

/** Where disks and images are, in the container and as a volume of the engine. */
export const DISKS = '/var/lib/starcluster'
const VOLUME = 'starcluster'
const PROGRAMS = '/opt/starcluster'
const COPY_MS = 30 * 60_000

/**
 * Far less than `--privileged`: mounts and namespaces (SYS_ADMIN), the machines' network (NET_ADMIN), their files and
 * processes (DAC_READ_SEARCH, SYS_PTRACE). Machines have none of it: each is in a user namespace of its own.
 */
const CAPABILITIES = ['SYS_ADMIN', 'NET_ADMIN', 'DAC_READ_SEARCH', 'SYS_PTRACE']
const UNCONFINED = ['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined', 'label=disable']
/** Loop devices for disks and volumes; tun and fuse are of major number 10. */
const DEVICES = ['b 7:* rwm', 'c 10:* rwm']

/** Process 1 of the container: control groups can be written, orphans are reaped, `stop` ends it at once. */
const INIT = `trap 'exit 0' TERM INT
for at in /sys/fs/cgroup /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$at" 2>/dev/null; done
if [ -e /sys/fs/cgroup/cgroup.subtree_control ]; then
  mkdir -p /sys/fs/cgroup/init && for pid in $(cat /sys/fs/cgroup/cgroup.procs); do echo "$pid" > /sys/fs/cgroup/init/cgroup.procs; done
fi 2>/dev/null
while :; do sleep 86400 & wait $!; done`

/** The container of one home: everything that its machines are made of runs in it. */
export class HostContainer {
  readonly name: string

  constructor(
    private readonly engine: ContainerProgram,
    private readonly env: NodeJS.ProcessEnv,
    private readonly options: { readonly home: string; readonly programDir: string },
  ) {
    this.name = `starcluster-${options.home}`
  }

  async running(): Promise<boolean> {
    const { stdout } = await this.engine.run(['container', 'inspect', '--format', '{{.State.Running}}', this.name])
    return stdout.trim() === 'true'
  }

  /** Makes it if it is not there and starts it if it does not run. */
  async start(onProgress: (line: string) => void): Promise<void> {
    if (await this.running()) return
    await this.engine.version() // says what is wrong with the engine itself
    if ((await this.engine.run(['start', this.name])).exitCode === 0) return
    // Not there, or it cannot start any more; disks and images are not in it.
    await this.remove()
    const image = await ensureHostImage(this.engine, this.env, onProgress)
    await this.engine.must([
      'run',
      '--detach',
      ...['--name', this.name, '--label', `starcluster.home=${this.options.home}`],
      ...['--network', await this.network()],
      ...CAPABILITIES.flatMap((one) => ['--cap-add', one]),
      ...UNCONFINED.flatMap((one) => ['--security-opt', one]),
      ...DEVICES.flatMap((rule) => ['--device-cgroup-rule', rule]),
      // Podman would allow 2048 for all machines together.
      ...['--pids-limit', '-1', '--volume', '/dev:/dev', '--volume', `${VOLUME}:${DISKS}`],
      ...['--entrypoint', '/bin/sh', image, '-c', INIT],
    ])
  }

  /** Starts our program in it; it ends when its input does. */
  async launch(): Promise<ChildProcess> {
    const dir = await this.install()
    return this.engine.start(['exec', '--interactive', this.name, 'node', `${dir}/container-main.js`])
  }

  /** Disks and images are in the volume, which stays. */
  async remove(): Promise<void> {
    await this.engine.run(['kill', this.name]) // Podman would ask it first, and wait
    await this.engine.run(['rm', '--force', this.name])
  }

  /** Gives a copy of a file of ours to what runs in it. */
  async withCopy<T>(file: string, use: (path: string) => Promise<T>): Promise<T> {
    const path = `${DISKS}/copy-${randomBytes(6).toString('hex')}`
    try {
      await this.engine.must(['cp', file, `${this.name}:${path}`], { deadlineMs: COPY_MS })
      return await use(path)
    } finally {
      await this.engine.run(['exec', this.name, 'rm', '-f', path])
    }
  }

  /** Machines are reached at this computer's loopback addresses, or at those of the container that we are in ourselves. */
  private async network(): Promise<string> {
    const own = ['/.dockerenv', '/run/.containerenv'].some(existsSync) ? hostname() : undefined
    return own !== undefined && (await this.engine.has('container', own)) ? `container:${own}` : 'host'
  }

  /** Copies our program into the container, unless this very version is there. -> its directory */
  private async install(): Promise<string> {
    const { programDir } = this.options
    const hash = createHash('sha256')
    for (const name of (await readdir(programDir, { recursive: true })).sort()) {
      hash.update(name).update(await readFile(join(programDir, name)).catch(() => ''))
    }
    const dir = `${PROGRAMS}/${hash.digest('hex').slice(0, 12)}`
    const into = ['sh', '-c', 'test -d "$1" || { mkdir -p "$1.new" && tar -x -C "$1.new" && mv -T "$1.new" "$1"; }']
    const tar = spawn('tar', ['-c', '-C', programDir, '.'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const unpack = this.engine.start(['exec', '--interactive', this.name, ...into, 'sh', dir])
    const ended = new Promise<number | null>((resolve, reject) => {
      unpack.once('close', resolve)
      for (const child of [unpack, tar]) child.once('error', reject)
    })
    let complaint = ''
    unpack.stderr?.on('data', (data) => (complaint += data))
    // It does not read when the program is there already.
    await pipeline(tar.stdout, unpack.stdin!).catch(() => undefined)
    if ((await ended) === 0) return dir
    throw new LocalCloudError(
      'ContainerEngineFailed',
      `our program does not get into ${this.name}: ${complaint.trim()}`,
    )
  }
}
