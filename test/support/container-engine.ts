import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** A Docker or Podman that answers, and with which environment. */
export interface TestEngine {
  readonly name: 'docker' | 'podman'
  readonly env: NodeJS.ProcessEnv
  /** A Debian with this Node, made of the base image: no registry is asked. */
  readonly image: string
  close(): Promise<void>
}

const runs = (command: string, ...args: string[]) => spawnSync(command, args, { timeout: 15_000 }).status === 0
const given = process.env.STARCLUSTER_TEST_ENGINE
const answering = (['docker', 'podman'] as const).find(
  (name) => (!given || given === name) && runs(name, 'version', '--format', '{{.Server.Version}}'),
)
const canStartDocker = !given && process.getuid?.() === 0 && runs('dockerd', '--version') && runs('docker', '--version')

export const usesPodman = answering === 'podman'

/** Where an engine of Docker listens on this computer. */
export const dockerSocket = (env: NodeJS.ProcessEnv) =>
  (env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '')

/** Needs root beside an engine, since the image is made of root's base image. */
export const canRunContainers = process.getuid?.() === 0 && (answering !== undefined || canStartDocker)

if (!canRunContainers) console.warn('SKIPPED: tests of the container back end need root, and docker or podman')

/** The engine of this computer, or a Docker daemon of our own which ends with the test. */
export async function openTestEngine(): Promise<TestEngine> {
  const engine = answering ? { name: answering, env: process.env, close: async () => undefined } : await privateDocker()
  return { ...engine, image: 'localhost/starcluster-test-base' }
}

/** Imports directories into one image: a base layer, and the Node that runs us. */
export async function importBase({ name, env, image }: TestEngine, layer: string): Promise<void> {
  if (spawnSync(name, ['image', 'inspect', image], { env }).status === 0) return
  const node = process.execPath
  const owner = ['--owner=0', '--group=0', '--numeric-owner']
  const names = ['--transform', `s,^${basename(node)}$,usr/local/bin/node,`]
  await pipe(
    ['tar', '-c', ...owner, ...names, '-C', layer, '.', '-C', dirname(node), basename(node)],
    [name, 'import', '-', image],
    env,
  )
}

/** Runs `from | to`. */
export async function pipe(from: string[], to: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const left = spawn(from[0]!, from.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  const right = spawn(to[0]!, to.slice(1), { env, stdio: ['pipe', 'ignore', 'inherit'] })
  left.stdout.pipe(right.stdin)
  await Promise.all([left, right].map((child) => ended(child)))
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => (status === 0 ? resolve() : reject(new Error(`${child.spawnfile}: ${status}`))))
  })
}

/** It changes nothing of this computer's network, and has directories, mounts and control groups of its own. */
async function privateDocker(): Promise<Omit<TestEngine, 'image'>> {
  const dir = mkdtempSync(join(tmpdir(), 'sc-docker-'))
  const env = { ...process.env, DOCKER_HOST: `unix://${dir}/socket` }
  const group = `/${basename(dir)}`
  const most = execFileSync('sh', ['-c', 'ulimit -Hn']).toString().trim()
  const dirs = ['--data-root', `${dir}/data`, '--exec-root', `${dir}/exec`, '--pidfile', `${dir}/pid`]
  const network = ['--bridge=none', '--iptables=false', '--ip6tables=false']
  const limits = ['--cgroup-parent', group, ...(Number(most) ? ['--default-ulimit', `nofile=1024:${most}`] : [])]
  const args = ['--host', env.DOCKER_HOST, ...dirs, ...network, ...limits]
  const child = spawn('unshare', ['-m', '--propagation', 'private', 'dockerd', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const log: string[] = []
  child.stderr.on('data', (data) => log.push(String(data)))
  const until = Date.now() + 60_000
  while (spawnSync('docker', ['version'], { env }).status !== 0) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`dockerd: ${log.join('').slice(-2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const close = async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
    rmSync(dir, { recursive: true, force: true })
    for (const controller of readdirSync('/sys/fs/cgroup')) removeGroups(join('/sys/fs/cgroup', controller, group))
    removeGroups(join('/sys/fs/cgroup', group))
  }
  return { name: 'docker', env, close }
}

function removeGroups(dir: string): void {
  try {
    for (const entry of readdirSync(dir, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroups(join(dir, entry.name))
    rmdirSync(dir)
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
