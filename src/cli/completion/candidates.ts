import type { ArgumentDescription, CommandDescription, OptionDescription, ProgramDescription } from '../describe.js'
import { kindOfArgument, kindOfOption, type WordKind } from './kinds.js'
import type { Names } from './names.js'

export interface Candidate {
  readonly word: string
  readonly meaning?: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** The shell offers files as well. */
  readonly files: boolean
}

const nothing: Completion = { candidates: [], files: false }

/**
 * What the last of `words` may become: a command, an option, the value of one, an argument. Words are those behind
 * `starcluster`, the last one begun or empty.
 */
export function complete(
  { options, commands }: ProgramDescription,
  names: Names,
  words: readonly string[],
): Completion {
  const current = words.at(-1) ?? ''
  const walk = follow(options, commands, words.slice(0, -1))
  if (walk.ended) return nothing
  const asked: Asked = { names, commands, cluster: walk.cluster }
  const inline = /^(--[\w-]+)=(.*)$/s.exec(current)
  if (inline && !walk.onlyArguments) {
    const option = walk.options.find(({ long }) => long === inline[1])
    const { candidates, files } = ofValue(option, asked, inline[2] ?? '')
    return { files, candidates: candidates.map(({ word, ...more }) => ({ ...more, word: `${inline[1]}=${word}` })) }
  }
  if (walk.pending) return ofValue(walk.pending, asked, current)
  if (current.startsWith('-') && !walk.onlyArguments)
    return { candidates: begunBy(current, optionWords(walk.options)), files: false }
  if (walk.below.length > 0 && walk.arguments.length === 0) {
    const helps = walk.command === undefined ? [{ word: 'help', meaning: 'explain a command' }] : []
    return { candidates: begunBy(current, [...commandWords(walk.below), ...helps]), files: false }
  }
  const argument = argumentAt(walk.command?.arguments ?? helpArguments, walk.arguments.length)
  return argument === undefined ? nothing : ofArgument(argument, asked, current, walk.arguments)
}

interface Walk {
  readonly command: CommandDescription | undefined
  readonly options: readonly OptionDescription[]
  /** Commands of which the next word may be one. */
  readonly below: readonly CommandDescription[]
  readonly arguments: readonly string[]
  /** The option whose value comes next. */
  readonly pending: OptionDescription | undefined
  readonly onlyArguments: boolean
  /** A remote command has begun, of which we know nothing. */
  readonly ended: boolean
  readonly cluster: string | undefined
}

/** Goes through the words before the one that is completed. */
function follow(
  options: readonly OptionDescription[],
  commands: readonly CommandDescription[],
  words: readonly string[],
): Walk {
  let command: CommandDescription | undefined
  let known = options
  let below = commands
  let pending: OptionDescription | undefined
  let onlyArguments = false
  const own: string[] = []
  for (const word of words) {
    if (pending) {
      pending = undefined
      continue
    }
    if (word === '--') onlyArguments = true
    else if (word.startsWith('-') && !onlyArguments) {
      const option = known.find(({ short, long }) => short === word || long === word)
      pending = option?.value === undefined ? undefined : option
    } else if (below.length > 0 && own.length === 0) {
      if (command === undefined && word === 'help') {
        below = []
        known = []
        continue
      }
      command = below.find(({ name, aliases }) => name === word || aliases.includes(word))
      below = command?.subcommands ?? []
      known = command?.options ?? []
      if (command === undefined) own.push(word) // a mistake, which the program will tell
    } else own.push(word)
  }
  const remote = command?.remoteCommandAfter
  const ended = remote !== undefined && (own.length >= remote || (onlyArguments && own.length > 0))
  return {
    command,
    options: known,
    below,
    arguments: own,
    pending,
    onlyArguments,
    ended,
    cluster: clusterIn(command, own),
  }
}

const helpArguments: readonly ArgumentDescription[] = [
  { name: 'command', description: '', required: false, variadic: false, choices: [] },
]

function clusterIn(command: CommandDescription | undefined, own: readonly string[]): string | undefined {
  const at = command?.arguments.findIndex(({ name }) => kindOfArgument(name) === 'cluster') ?? -1
  return at < 0 ? undefined : own[at]
}

/** The last argument may be given again and again. */
function argumentAt(all: readonly ArgumentDescription[], at: number): ArgumentDescription | undefined {
  const last = all.at(-1)
  return all[at] ?? (last?.variadic ? last : undefined)
}

interface Asked {
  readonly names: Names
  readonly commands: readonly CommandDescription[]
  /** The cluster that an earlier word names. */
  readonly cluster: string | undefined
}

function ofArgument(
  { name, choices, variadic }: ArgumentDescription,
  asked: Asked,
  current: string,
  given: readonly string[],
): Completion {
  const { candidates, files } = ofKind(choices, kindOfArgument(name), asked, current)
  return { files, candidates: variadic ? candidates.filter(({ word }) => !given.includes(word)) : candidates }
}

/** Lists of names are completed at their last one: `-a node001,no`. */
function ofValue(option: OptionDescription | undefined, asked: Asked, current: string): Completion {
  if (option === undefined) return nothing
  const kind = kindOfOption(option.long)
  const comma = kind === 'node' ? current.lastIndexOf(',') + 1 : 0
  const { candidates, files } = ofKind(option.choices, kind, asked, current.slice(comma))
  return {
    files,
    candidates: candidates.map(({ word, ...more }) => ({ ...more, word: current.slice(0, comma) + word })),
  }
}

function ofKind(choices: readonly string[], kind: WordKind | undefined, asked: Asked, current: string): Completion {
  if (choices.length > 0)
    return {
      candidates: begunBy(
        current,
        choices.map((word) => ({ word })),
      ),
      files: false,
    }
  if (kind === 'file') return { candidates: [], files: true }
  if (kind === 'command') return { candidates: begunBy(current, commandWords(asked.commands)), files: false }
  return { candidates: kind === undefined ? [] : begunBy(current, namesOf(kind, asked)), files: false }
}

function namesOf(kind: Exclude<WordKind, 'file' | 'command'>, { names, cluster }: Asked): readonly Candidate[] {
  if (kind === 'cluster') return names.cluster.map(({ word, meaning }) => ({ word, ...(meaning ? { meaning } : {}) }))
  if (kind !== 'node') return names[kind]
  const of = names.cluster.filter(({ word }) => cluster === undefined || word === cluster)
  return of.flatMap(({ nodes }) => nodes).map((word) => ({ word }))
}

const commandWords = (commands: readonly CommandDescription[]): Candidate[] =>
  commands.map(({ name, summary }) => ({ word: name, meaning: summary }))

const optionWords = (options: readonly OptionDescription[]): Candidate[] => [
  ...options.flatMap(({ long, short, description }) => {
    const word = long ?? short
    return word === undefined ? [] : [{ word, meaning: description }]
  }),
  { word: '--help', meaning: 'explain the command' },
]

const begunBy = (current: string, all: readonly Candidate[]): Candidate[] =>
  all.filter(({ word }) => word.startsWith(current))
