import { prelude } from '../../../src/core/node/scripts/prelude.js'
import type { SimulatedMachine } from './machine.js'
import { nodeCommands } from './node-commands.js'
import { simpleCommands } from './shell-words.js'

/** What a command says and how it ends. Text is latin1: a byte a character. */
export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** A command of a simulated machine. @returns what it prints @throws CommandFailed */
export type NodeCommand = (machine: SimulatedMachine, args: readonly string[], on: Surroundings) => string

export interface Surroundings {
  readonly user: string
  readonly stdin: string
  /** Runs a script as another user. */
  run(script: string, user: string): string
}

/** A command that says why it failed; like `set -e`, it ends its script. */
export class CommandFailed extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message)
  }
}

/**
 * Runs a script as far as the set-up of clusters needs it: each of our shell functions as a function here, a few
 * programs, and for everything else success without a word.
 */
export function runShell(machine: SimulatedMachine, script: string, stdin: string, user = 'root'): Outcome {
  let stdout = ''
  const variables = new Map<string, string>()
  try {
    runInto(script, user, (text) => {
      stdout += text
    })
    return { stdout, stderr: '', exitCode: 0 }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const step = variables.get('sc_step')
    return { stdout, stderr: `${error.message}\n${step ? `step ${step} failed\n` : ''}`, exitCode: error.exitCode }
  }

  function runInto(text: string, as: string, print: (text: string) => void): void {
    let piped = stdin
    let behindOr = false
    for (const { words, into, joined } of simpleCommands(withoutPrelude(text), (expression) =>
      expand(expression, as),
    )) {
      const skipped = behindOr // whatever is before it succeeds
      behindOr = joined === '||'
      if (skipped) continue
      if (words[0] === 'exit') return
      if (!machine.mayGoOn()) throw new CommandFailed('', 255)
      const said = runOne(words, as, piped)
      piped = joined === '|' ? said : stdin
      if (into !== undefined) writeTo(into, said)
      else if (joined !== '|') print(said)
    }
  }

  function runOne(words: readonly string[], as: string, piped: string): string {
    const [name = '', ...args] = words[0] === 'exec' ? words.slice(1) : words
    const assignment = /^(\w+)=(.*)$/s.exec(name)
    if (assignment) variables.set(assignment[1]!, assignment[2]!)
    const command = Object.hasOwn(nodeCommands, name) ? nodeCommands[name] : undefined
    return command?.(machine, args, { user: as, stdin: piped, run: (text, other) => captured(text, other) }) ?? ''
  }

  function captured(text: string, as: string): string {
    let said = ''
    runInto(text, as, (more) => {
      said += more
    })
    return said
  }

  function expand(expression: string, as: string): string {
    if (expression.startsWith('(')) return captured(expression.slice(1, -1), as).replace(/\n+$/, '')
    if (expression === 'SHELL') return '/bin/bash'
    return variables.get(expression) ?? ''
  }

  function writeTo(target: string, said: string): void {
    if (/^\d$|^\/dev\//.test(target)) return
    machine.files.write(target, said)
  }
}

function withoutPrelude(script: string): string {
  return script.startsWith(prelude) ? script.slice(prelude.length) : script
}
