import { type ChildProcess, spawn } from 'node:child_process'
import { LocalCloudError } from '../../local-error.js'
import { type HostCommandResult, hostEnv, runHost } from '../host-command.js'

export const CONTAINER_PROGRAMS = ['docker', 'podman'] as const
export type ContainerProgramName = (typeof CONTAINER_PROGRAMS)[number]

interface RunOptions {
  readonly deadlineMs?: number
  readonly onLine?: (line: string) => void
}

const DEADLINE_MS = 120_000

/**
 * Docker or Podman through the user's own command line, which knows where its engine is (contexts, DOCKER_HOST, machines)
 * and how to get images.
 */
export class ContainerProgram {
  constructor(
    readonly name: ContainerProgramName,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  run(args: readonly string[], options: RunOptions = {}): Promise<HostCommandResult> {
    return runHost(this.name, args, { deadlineMs: DEADLINE_MS, ...options, env: this.env })
  }

  /** -> what it printed. @throws LocalCloudError ContainerEngineFailed with its complaint */
  async must(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(args, options)
    if (exitCode === 0) return stdout.trim()
    const why = stderr.trim().split('\n').slice(-5).join('\n') || `status ${exitCode ?? 'killed: it took too long'}`
    throw new LocalCloudError('ContainerEngineFailed', `${this.name} ${args[0]}: ${why}`, {
      hint: `see whether "${this.name} info" works, and what it says`,
    })
  }

  /** A command that goes on, with pipes to it. */
  start(args: readonly string[]): ChildProcess {
    return spawn(this.name, args, { env: hostEnv(this.env), cwd: '/', stdio: 'pipe' })
  }

  /** Whether there is something of that kind and name. */
  async has(kind: 'container' | 'image' | 'volume', name: string): Promise<boolean> {
    return (await this.run([kind, 'inspect', name])).exitCode === 0
  }

  /** Version of the engine that answers. @throws LocalCloudError when none does */
  async version(): Promise<string> {
    return this.must(['version', '--format', '{{.Server.Version}}'], { deadlineMs: 15_000 })
  }
}

/** How each tells that it runs without root's rights: it could not make machines where this computer itself cannot. */
const ROOTLESS: Readonly<Record<ContainerProgramName, readonly [format: string, word: string]>> = {
  docker: ['{{.SecurityOptions}}', 'rootless'],
  podman: ['{{.Host.Security.Rootless}}', 'true'],
}

/** Why an engine cannot be used; undefined when it can. */
export async function engineComplaint(name: ContainerProgramName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const program = new ContainerProgram(name, env)
  try {
    await program.version()
    const [format, word] = ROOTLESS[name]
    const rootless = (await program.must(['info', '--format', format], { deadlineMs: 15_000 })).includes(word)
    return rootless ? 'its engine is a rootless one, which has not the rights that machines need' : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'not installed'
    return (error as Error).message.split('\n').at(-1)
  }
}
