#!/usr/bin/env node
import { type Command, CommanderError } from 'commander'
import type { StarCluster } from '../index.js'
import { changesNames } from './completion/changes-names.js'
import type { CliContext, GlobalOptions } from './context.js'
import { runHidden } from './hidden.js'
import { loginOptionsWithValue } from './login-options.js'
import { createProgram } from './program.js'
import { findCommand } from './registry.js'
import { separateRemoteCommand, splitAtCommand } from './words.js'

process.exitCode = await main(process.argv.slice(2))
endSoon()

/** Work that nobody waits for, such as a remote command without its await, must not keep a finished command alive. */
function endSoon(): void {
  setTimeout(() => {
    if (process.stdout.writableLength > 0) endSoon()
    else process.exit()
  }, 1_000).unref()
}

/** Parses, loads the one command that runs, runs it, reports. @returns the exit status */
async function main(argv: string[]): Promise<number> {
  const program = createProgram()
  const { cli, close } = createContext(program)
  try {
    const { globals, word, rest } = splitAtCommand(argv)
    if (word?.startsWith('__') && (await runHidden(word, { program, cli, globals, rest }))) return 0
    const entry = findCommand(word === 'help' ? rest[0] : word)
    const command = program.commands.find((c) => c.name() === entry?.name)
    if (entry && command) (await entry.load()).define(command, cli)
    if (argv.length === 0) {
      program.outputHelp({ error: true })
      return 2
    }
    if (word === 'help' && rest[0] !== undefined && rest[0] !== 'help' && !entry) {
      await program.parseAsync([rest[0]], { from: 'user' }) // refused as an unknown command, with the nearest name
    }
    if (word === 'help' && rest[0] === 'help') {
      program.outputHelp()
      return 0
    }
    if (word === 'help' && command && rest.length > 1) {
      await helpBelow(program, command, rest)
      return 0
    }
    const own =
      entry?.remoteCommandAfter === undefined || word === 'help'
        ? rest
        : separateRemoteCommand(rest, entry.remoteCommandAfter, loginOptionsWithValue)
    await program.parseAsync([...globals, ...(word === undefined ? [] : [word]), ...own], { from: 'user' })
    if (entry && changesNames.has(entry.name)) (await import('./completion/names.js')).lookAgain(cli.env, globals)
    return await close()
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { reportError } = await import('./report-error.js')
    await cli.openLog()
    const debug = cli.globals.debug === true
    const status = await reportError(error, { argv, env: cli.env, debug, interrupted: cli.signal.aborted })
    await close()
    return status
  }
}

/** `help local image`: the help of what is below a command. One that is not there is refused with the nearest name. */
async function helpBelow(program: Command, command: Command, words: readonly string[]): Promise<void> {
  let at = command
  for (const [index, word] of words.slice(1).entries()) {
    if (at.commands.length === 0) break
    const below = at.commands.find((one) => one.name() === word)
    if (!below) await program.parseAsync(words.slice(0, index + 2), { from: 'user' })
    at = below ?? at
  }
  at.outputHelp()
}

function createContext(program: Command): { cli: CliContext; close: () => Promise<number> } {
  const interrupt = new AbortController()
  let opened: Promise<StarCluster> | undefined
  let logOpened: Promise<unknown> | undefined
  let status = 0
  let handsOff = false
  let dataOnly = false
  const onInterrupt = () => {
    if (handsOff) return
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort(new Error('interrupted'))
  }
  // A plugin that forgot an await: said as any other failure, without the whole program falling over its stack.
  process.on('unhandledRejection', (error) => {
    if (handsOff) return // the shell reports them at its prompt
    status = 1
    void import('./report-error.js').then(async ({ explain, print }) => {
      await cli.openLog()
      const { text, hint } = explain(error)
      print(`a promise nobody waits for failed (is an await missing?): ${text}`, hint)
    })
  })
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', () => (handsOff ? process.exit(143) : onInterrupt()))
  // A closed pipe (`starcluster listclusters | head`) is the reader's choice, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(status)
    process.stderr.write(`!!! ERROR - the output cannot be written: ${error.message}\n`)
    process.exit(1)
  })
  const cli: CliContext = {
    get globals() {
      return program.opts<GlobalOptions>()
    },
    env: process.env,
    signal: interrupt.signal,
    print: (text) => void process.stdout.write(`${text}\n`),
    get logStream() {
      return dataOnly ? process.stderr : process.stdout
    },
    keepStdoutForData: () => {
      dataOnly = true
    },
    open: () => {
      opened ??= cli.openLog().then(async () => (await import('./open.js')).openStarCluster(cli))
      return opened
    },
    openLog: async () => {
      logOpened ??= import('./open.js').then(({ openLog }) => openLog(cli))
      await logOpened
    },
    exitWith: (code) => {
      status = code
    },
    leaveInterruptsAlone: () => {
      handsOff = true
    },
  }
  return {
    cli,
    close: async () => {
      await opened?.then((sc) => sc.close()).catch(() => undefined) // its failure was reported by the command
      return status
    },
  }
}
