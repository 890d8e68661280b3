import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename, dirname, extname, join } from 'node:path'
import { StarClusterError } from '../errors.js'
import { look } from '../setup/look.js'
import type { TestRun } from './test-run.js'

/** How the program is started that runs plugins' test files: a process of its own, so that it can be ended. */
export interface TestProgram {
  /** Arguments of Node. */
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** The cluster that tests are to look at, for `testCluster` of 'starcluster/testing'. */
export interface TestTarget {
  readonly tag: string
  readonly region: string
  /** Config file; undefined: the defaults. */
  readonly config: string | undefined
}

const extensions = ['.ts', '.mts', '.js', '.mjs']

/** The test file of a plugin: `myplugin.test.ts` beside `myplugin.ts`, or in a folder `test` there. */
export function testFileOf(plugin: string): string | undefined {
  const [dir, own] = [dirname(plugin), basename(plugin, extname(plugin))]
  const names = own === 'index' ? [own, basename(dir)] : [own]
  const files = [dir, join(dir, 'test')].flatMap((folder) =>
    names.flatMap((name) => extensions.map((extension) => join(folder, `${name}.test${extension}`))),
  )
  return files.find((file) => look(file)?.isFile())
}

/** Runs a plugin's test file with vitest, once or more often. */
export class AuthorTests implements Disposable {
  private started: { readonly child: ChildProcess; readonly ended: Promise<number | null> } | undefined
  private output = ''

  constructor(
    private readonly program: TestProgram,
    readonly file: string,
    private readonly target: TestTarget,
  ) {}

  /**
   * @param step what has just been done with the cluster; tests read it
   * @throws TestProgramFailed when no test could be run; the signal's reason when aborted
   */
  async run(step: string, signal: AbortSignal): Promise<TestRun> {
    signal.throwIfAborted()
    this.started ??= this.start()
    const { child, ended } = this.started
    const failed = ended.then((status): never => {
      throw signal.aborted ? signal.reason : new TestProgramFailed(this.file, status, this.output)
    })
    const end = () => this[Symbol.dispose]()
    signal.addEventListener('abort', end, { once: true })
    try {
      child.send({ step }, () => undefined) // to a program that is gone: `failed` tells
      const [run] = await Promise.race([once(child, 'message'), failed])
      return run as TestRun
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  /** A group of its own: Ctrl-C at the terminal is ours to pass on, and its workers end with it. */
  private start() {
    const { tag, region, config } = this.target
    const child = spawn(process.execPath, [...this.program.argv, this.file], {
      cwd: dirname(this.file),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...this.program.env,
        STARCLUSTER_TEST_CLUSTER: tag,
        STARCLUSTER_TEST_REGION: region,
        ...(config === undefined ? {} : { STARCLUSTER_TEST_CONFIG: config }),
      },
    })
    const take = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-4000)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    return { child, ended: new Promise<number | null>((resolve) => child.once('close', resolve)) }
  }

  [Symbol.dispose](): void {
    const pid = this.started?.child.pid
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // ended by itself
    }
  }
}

/** The program that runs test files ended without an answer. */
export class TestProgramFailed extends StarClusterError {
  readonly code = 'TestProgramFailed'
  constructor(file: string, status: number | null, output: string) {
    super(`running ${file} ended with ${status === null ? 'a signal' : `exit status ${status}`}\n${output.trim()}`, {
      hint: 'the test file must not end the process',
    })
  }
}
