import { type SpawnOptions, spawn } from 'node:child_process'
import { LocalCloudError } from '../local-error.js'

export interface HostCommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

interface HostCommandOptions {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  /** Called with every line of output as it comes. */
  readonly onLine?: (line: string) => void
  readonly deadlineMs?: number
}

/** Programs for root are not in everyone's path. */
export function hostEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: 'C.UTF-8' }
}

/** Runs a program of the host to its end; a status other than 0 is an answer, not an error. */
export function runHost(
  command: string,
  args: readonly string[],
  options: HostCommandOptions = {},
): Promise<HostCommandResult> {
  return new Promise((resolve, reject) => {
    const limits: SpawnOptions = { killSignal: 'SIGKILL' }
    if (options.signal) limits.signal = options.signal
    if (options.deadlineMs) limits.timeout = options.deadlineMs
    const child = spawn(command, args, { ...limits, env: hostEnv(options.env), cwd: '/', stdio: 'pipe' })
    let [stdout, stderr, pending] = ['', '', '']
    const lines = (text: string) => {
      const parts = (pending + text).split(/[\r\n]+/)
      pending = parts.pop() ?? ''
      for (const part of parts) if (part) options.onLine?.(part)
    }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      lines(text)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      lines(text)
    })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    child.stdin?.on('error', () => undefined).end(options.input ?? '')
  })
}

/** Runs a program that is expected to work. @throws LocalCloudError HostCommandFailed with its complaint */
export async function mustRunHost(
  command: string,
  args: readonly string[],
  options: HostCommandOptions = {},
): Promise<string> {
  let result: HostCommandResult
  try {
    result = await runHost(command, args, options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const hint = 'run `starcluster local doctor` to see what this machine lacks'
    throw new LocalCloudError('HostCommandFailed', `${command} is not installed`, { hint })
  }
  if (result.exitCode === 0) return result.stdout
  const why = (result.stderr || result.stdout).trim().split('\n').slice(-5).join('\n')
  throw new LocalCloudError('HostCommandFailed', `${command} failed with status ${result.exitCode}: ${why}`)
}
