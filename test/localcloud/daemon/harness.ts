import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { daemonStatus, localPaths, stopDaemon } from '../../../src/localcloud/control.js'

export interface TestHome {
  readonly env: NodeJS.ProcessEnv
  readonly paths: ReturnType<typeof localPaths>
  /** Pid of the running daemon. */
  pid(): Promise<number>
  /** Ends it as nothing ends itself. Resolves when it is gone. */
  kill(): Promise<void>
  log(): Promise<string>
  dispose(): Promise<void>
}

/** The daemon's program as it is in the sources now: starting a bundle takes a fifth of the time of TypeScript. */
export async function bundleDaemon(): Promise<{ program: string; remove(): Promise<void> }> {
  // Below node_modules, from where native packages are found.
  await mkdir('node_modules/.cache', { recursive: true })
  const dir = await mkdtemp(join(process.cwd(), 'node_modules/.cache/sc-daemon-'))
  const program = join(dir, 'daemon.mjs')
  await build({
    entryPoints: ['src/localcloud/daemon.ts'],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
    define: { 'process.env.STARCLUSTER_VERSION': '"0.0.0-test"' },
    external: ['ssh2'],
    logLevel: 'error',
  })
  return { program, remove: () => rm(dir, { recursive: true, force: true }) }
}

/** A HOME of its own for a local cloud that only records its machines. */
export async function makeHome(program: string): Promise<TestHome> {
  const home = await mkdtemp(join(tmpdir(), 'sc-home-'))
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    STARCLUSTER_LOCAL_ENGINE: 'null',
    STARCLUSTER_DAEMON_PROGRAM: program,
  }
  const paths = localPaths(env)
  const pid = async () => {
    const status = await daemonStatus(env)
    if (!status.running) throw new Error('the daemon does not run')
    return status.pid
  }
  return {
    env,
    paths,
    pid,
    kill: async () => killAndWait(await pid()),
    log: () => readFile(paths.log, 'utf8'),
    dispose: async () => {
      await stopDaemon(env)
      await rm(home, { recursive: true, force: true })
    },
  }
}

export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  while (await isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 2))
}

async function isThere(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) Z /.test(stat)
}
