import type { Argument, Command, Option } from 'commander'
import type { CliContext } from './context.js'
import { type Example, examplesOf } from './examples.js'
import { createProgram } from './program.js'
import { commands } from './registry.js'

/** A command as completion and docs/commands.md need it: all that its definition says, without its code. */
export interface CommandDescription {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  readonly arguments: readonly ArgumentDescription[]
  readonly options: readonly OptionDescription[]
  readonly examples: readonly Example[]
  readonly subcommands: readonly CommandDescription[]
  /** Number of own arguments after which everything is a remote command. */
  readonly remoteCommandAfter?: number
}

export interface ArgumentDescription {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly variadic: boolean
  readonly choices: readonly string[]
}

export interface OptionDescription {
  /** As help shows it: `-s, --cluster-size <n>`. */
  readonly flags: string
  readonly short?: string
  readonly long?: string
  readonly description: string
  /** What its value is called; absent: it has none. */
  readonly value?: string
  readonly choices: readonly string[]
  readonly default?: string
}

export interface ProgramDescription {
  readonly options: readonly OptionDescription[]
  readonly commands: readonly CommandDescription[]
}

/** Loads the definition of every command. None of them is run. */
export async function describeProgram(): Promise<ProgramDescription> {
  const program = createProgram()
  const described = await Promise.all(
    commands.map(async (entry) => {
      const command = program.commands.find((one) => one.name() === entry.name)
      if (!command) throw new Error(`the program has no command ${entry.name}`)
      ;(await entry.load()).define(command, onlyDefined)
      const { remoteCommandAfter } = entry
      return { ...describeCommand(command), ...(remoteCommandAfter === undefined ? {} : { remoteCommandAfter }) }
    }),
  )
  return { options: describeOptions(program), commands: described }
}

/** A definition only keeps its context for the action, which is never called here. */
const onlyDefined = {} as CliContext

function describeCommand(command: Command): CommandDescription {
  return {
    name: command.name(),
    aliases: command.aliases(),
    summary: command.description(),
    arguments: command.registeredArguments.map(describeArgument),
    options: describeOptions(command),
    examples: examplesOf(command),
    subcommands: command.commands.map(describeCommand),
  }
}

function describeArgument(argument: Argument): ArgumentDescription {
  const { description, required, variadic, argChoices = [] } = argument
  return { name: argument.name(), description, required, variadic, choices: argChoices }
}

function describeOptions(command: Command): OptionDescription[] {
  return command.options.filter(({ hidden }) => !hidden).map(describeOption)
}

function describeOption(option: Option): OptionDescription {
  const { flags, short, long, description, argChoices = [], defaultValue } = option
  const value = /[<[]([^\]>]+)[\]>]/.exec(flags)?.[1]
  return {
    flags,
    ...(short ? { short } : {}),
    ...(long ? { long } : {}),
    description,
    ...(value === undefined ? {} : { value: value.replace('...', '') }),
    choices: argChoices,
    // A switch that is on without `--no-...` needs no word about it.
    ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? {} : { default: String(defaultValue) }),
  }
}
