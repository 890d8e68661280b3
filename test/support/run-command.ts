import { Command, CommanderError } from 'commander'
import type { CliContext } from '../../src/cli/context.js'
import { findCommand } from '../../src/cli/registry.js'
import { explain } from '../../src/cli/report-error.js'
import type { StarCluster } from '../../src/index.js'
import type { InProcess } from './in-process-manager.js'

export interface CommandRun {
  readonly status: number
  readonly stdout: string
  /** Message and hint of the failure. */
  readonly stderr: string
  /** stdout was kept for data. */
  readonly dataOnly: boolean
}

/** Runs a command of the command line in this process, parsed by commander, on a cloud without nodes. */
export async function runCommand(
  on: InProcess,
  argv: readonly string[],
  signal = new AbortController().signal,
): Promise<CommandRun> {
  const [word = '', ...rest] = argv
  const entry = findCommand(word)
  if (!entry) throw new Error(`no command ${word}`)
  let [stdout, stderr, dataOnly, status] = ['', '', false, 0]
  const cli: CliContext = {
    globals: {},
    env: on.home.env,
    signal,
    print: (text) => {
      stdout += `${text}\n`
    },
    logStream: process.stderr,
    keepStdoutForData: () => {
      dataOnly = true
    },
    open: async () => composed(on),
    openLog: async () => undefined,
    exitWith: (code) => {
      status = code
    },
    leaveInterruptsAlone: () => undefined,
  }
  const command = new Command(entry.name).exitOverride().configureOutput({
    writeOut: (text) => {
      stdout += text
    },
    writeErr: (text) => {
      stderr += text
    },
  })
  const { define } = await entry.load()
  define(command, cli)
  try {
    await command.parseAsync(rest, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return { status: error.exitCode === 0 ? 0 : 2, stdout, stderr, dataOnly }
    const { text, hint = '', expected } = explain(error)
    if (!expected) throw error
    return { status: 1, stdout, stderr: `${stderr}${text}\n${hint}`, dataOnly }
  }
  return { status, stdout, stderr, dataOnly }
}

/** The library as a command gets it; of other regions there is the same cloud. */
function composed({ cm, aws, deps }: InProcess): StarCluster {
  return {
    ...deps,
    cm,
    aws,
    awsIn: () => aws,
    describeRegion: async () => 'Region: local',
    close: async () => undefined,
  }
}
