import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built command line. */
export const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface CliResult {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** stdout and stderr as they came, for messages of failed tests. */
  readonly output: string
}

export interface CliOptions {
  readonly env: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly input?: string
  /** A command that runs the one behind it, e.g. as another user. */
  readonly through?: readonly string[]
  /** The Node that runs it, when not ours. */
  readonly node?: string
  /** Where that command sees the program, when not where we do. */
  readonly program?: string
  /** Killed, and the test failed, after this long. */
  readonly timeoutMs?: number
  /** Sent to the program once its output matches. */
  readonly interruptAt?: RegExp
}

/** Runs the BUILT command line (dist) as a process of its own, without a terminal. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const argv = [...(options.through ?? []), options.node ?? process.execPath, options.program ?? program, ...args]
  const [command = '', ...words] = argv
  const child = spawn(command, words, { env: options.env, cwd: options.cwd ?? options.env.HOME })
  let [stdout, stderr, output] = ['', '', '']
  let interrupted = false
  const take = (text: string) => {
    output += text
    if (options.interruptAt && !interrupted && options.interruptAt.test(output)) {
      interrupted = true
      child.kill('SIGINT')
    }
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    take(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    take(text)
  })
  child.stdin.on('error', () => undefined) // a program may end without reading it
  child.stdin.end(options.input ?? '')
  const timeoutMs = options.timeoutMs ?? 120_000
  return await new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`starcluster ${args.join(' ')} did not end within ${timeoutMs} ms; it said:\n${output}`))
    }, timeoutMs)
    child.once('error', reject)
    child.once('close', (status, signal) => {
      clearTimeout(deadline)
      resolve({ status, signal, stdout, stderr, output })
    })
  })
}

/** Like `runCli`, but any exit status other than 0 fails the test with all output. */
export async function cliOk(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const result = await runCli(args, options)
  if (result.status !== 0)
    throw new Error(`starcluster ${args.join(' ')} ended with ${result.status}:\n${result.output}`)
  return result
}
