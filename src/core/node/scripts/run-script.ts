import type { SshClient } from '../../ssh/client.js'
import type { ShellCommand } from '../../ssh/quote.js'
import { prelude } from './prelude.js'

/** A part of a script: its name is told when it fails. */
export interface ScriptStep {
  readonly name: string
  readonly command: ShellCommand
}

export interface ScriptResult {
  /** What the script changed on the node: paths and other short names. Empty: everything was as wished. */
  readonly changed: readonly string[]
  /** What went wrong without ending the script. */
  readonly warnings: readonly string[]
  readonly stdout: string
}

export interface RunScriptOptions {
  readonly signal?: AbortSignal | undefined
  readonly logOutput?: boolean
  /** The connection is not root's: become root, asking for no password. */
  readonly sudo?: boolean
}

/** Runs steps on a node as one script, in one round trip. @throws RemoteCommandFailed naming the step */
export async function runScript(
  ssh: Pick<SshClient, 'execute'>,
  steps: readonly ScriptStep[],
  { signal, logOutput = true, sudo = false }: RunScriptOptions = {},
): Promise<ScriptResult> {
  // Through stdin: an argument is limited to 128 KiB, which the known hosts of a thousand nodes exceed.
  const { stdout } = await ssh.execute(sudo ? 'sudo -n /bin/sh -s' : '/bin/sh -s', {
    stdin: renderScript(steps),
    sourceProfile: false,
    logOutput,
    label: `script: ${steps.map(({ name }) => name).join(', ')}`,
    ...(signal ? { signal } : {}),
  })
  const told = (word: string) =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(word))
      .map((line) => line.slice(word.length))
  return { changed: told('changed: '), warnings: told('warning: '), stdout }
}

/** The text of a script. Steps are in braces so that sh has read a step whole before anything in it reads stdin. */
export function renderScript(steps: readonly ScriptStep[]): string {
  const parts = steps.map(({ name, command }) => `sc_step=${name.replace(/[^\w-]/g, '-')}\n{\n${command.text}\n}\n`)
  return `${prelude}\n{\n${parts.join('')}exit 0\n}\n`
}
