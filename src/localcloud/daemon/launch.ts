import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installation } from '../installation.js'
import { errorCode, LocalCloudError, reason } from '../local-error.js'
import type { LocalPaths } from '../paths.js'
import { stateDirectoryUnusable } from './daemon-info.js'

/** Exit status of flock(1) when another process holds the lock. */
export const LOCK_HELD = 75

export interface LaunchedDaemon {
  /** Resolves with the exit status (or null after a signal) when the process ends. */
  readonly exited: Promise<number | null>
  /** Our process need not wait for it. */
  unref(): void
}

/**
 * Starts the daemon's program under its lock, in a session of its own: what a terminal sends to its foreground group
 * never reaches it. It outlives us and holds nothing of ours open.
 */
export function launchDaemon(env: NodeJS.ProcessEnv, paths: LocalPaths, args: readonly string[] = []): LaunchedDaemon {
  makeStateDirectory(paths)
  const log = openSync(paths.log, 'a', 0o600)
  try {
    const flock = ['--no-fork', '--nonblock', '--conflict-exit-code', String(LOCK_HELD), paths.lock]
    const child = spawn('flock', [...flock, process.execPath, ...daemonProgram(env), ...args], {
      cwd: '/',
      detached: true,
      env: daemonEnvironment(env),
      stdio: ['ignore', log, log],
    })
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once('exit', resolve)
      child.once('error', (cause) => reject(cannotSpawn(cause)))
    })
    exited.catch(() => undefined) // whoever waits for it hears of it
    return { exited, unref: () => child.unref() }
  } finally {
    closeSync(log)
  }
}

/**
 * What the daemon may know of our environment. Everything else stays here, AWS keys and profiles above all: real
 * credentials must never come near a program that takes requests.
 */
function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(env)) if (PASSED.test(name)) passed[name] = value
  return passed
}

const PASSED =
  /^(HOME|XDG_RUNTIME_DIR|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)|CONTAINER_(HOST|SSHKEY)|CONTAINERS_CONF|PATH|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|STARCLUSTER_\w+|APT_CONFIG|(https?|ftp|no|all)_proxy)$/i

function daemonProgram(env: NodeJS.ProcessEnv): string[] {
  const given = env.STARCLUSTER_DAEMON_PROGRAM // a bundle made for a test
  if (given) return [given]
  const { root, fromSource } = installation()
  if (!fromSource) return [join(root, 'dist/localcloud/daemon.js')]
  const tsx = createRequire(join(root, 'package.json')).resolve('tsx')
  return ['--import', pathToFileURL(tsx).href, join(root, 'src/localcloud/daemon.ts')]
}

/** @throws LocalCloudError StateDirectoryUnusable */
export function makeStateDirectory(paths: LocalPaths): void {
  try {
    mkdirSync(paths.dir, { recursive: true, mode: 0o700 })
    closeSync(openSync(paths.lock, 'a', 0o600))
  } catch (cause) {
    throw stateDirectoryUnusable(paths.dir, cause)
  }
}

function cannotSpawn(cause: Error): LocalCloudError {
  if (process.platform !== 'linux') {
    return new LocalCloudError('NotLinux', `the local cloud needs Linux, and this is ${process.platform}`, {
      cause,
      hint: 'run starcluster in a Linux virtual machine or container, or in a region of AWS: starcluster -r us-east-1 start',
    })
  }
  if (errorCode(cause) !== 'ENOENT') return new LocalCloudError('CannotStartDaemon', reason(cause), { cause })
  return new LocalCloudError('MissingProgram', "the program 'flock' is missing on this computer", {
    cause,
    hint: 'install the package util-linux; starcluster local doctor checks the rest',
  })
}
