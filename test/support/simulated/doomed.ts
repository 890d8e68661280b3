import { spawn } from 'node:child_process'
import { program } from '../cli.js'
import { type Simulated, simulatedManager } from './manager.js'
import { serveAsDaemon } from './served.js'
import type { Asked, Watch } from './watch.js'

export interface DoomedRun {
  /** Moments seen: each call and each command has one right before and one right after it. */
  readonly moments: number
  /** Where it was killed; undefined: it came to its end first. */
  readonly killedAt?: string
  readonly status: number | null
  readonly output: string
}

/** A simulated cloud on which the built program runs and is killed. */
export class DoomedCloud {
  private watch: Watch = () => undefined

  private constructor(
    readonly on: Simulated,
    private readonly stopServing: () => Promise<void>,
  ) {}

  static async open(files: Record<string, string> = {}): Promise<DoomedCloud> {
    const cloud: { made?: DoomedCloud } = {}
    const on = await simulatedManager(files, (when, asked) => cloud.made?.watch(when, asked))
    cloud.made = new DoomedCloud(on, await serveAsDaemon(on))
    return cloud.made
  }

  /** Runs the built program and kills it, as with kill -9, at the n-th moment counted from 1. */
  readonly run = async (args: readonly string[], at = Number.POSITIVE_INFINITY): Promise<DoomedRun> => {
    const { env, path } = this.on.home
    const child = spawn(process.execPath, [program, ...args], { env, cwd: path, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()))
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    let moments = 0
    let killedAt: string | undefined
    this.watch = async (when, asked) => {
      if (killedAt === undefined && ++moments < at) return
      killedAt ??= momentText(when, asked)
      child.kill('SIGKILL')
      await new Promise<never>(() => undefined) // whoever asked is gone
    }
    const status = await ended
    this.watch = () => undefined
    return { moments, status, output, ...(killedAt === undefined ? {} : { killedAt }) }
  }

  async close(): Promise<void> {
    await this.stopServing()
    await this.on.close()
  }
}

function momentText(when: string, { kind, what, machine }: Asked): string {
  return `${when} ${kind === 'api' ? what : `"${what}" on ${machine}`}`
}
