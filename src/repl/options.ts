import type { Readable, Writable } from 'node:stream'
import type { StringPlace } from './complete/cursor.js'
import type { ShellRemote } from './remote-command.js'

/** What the composition gives the shell. The shell knows nothing of clusters. */
export interface ShellOptions {
  /** Names at the prompt. Getters stay getters: `{ get cfg() { return sc.config() } }` is read anew each time. */
  readonly context: object
  /** Namespaces under their names, loaded after the prompt is shown; a name of `context` wins. */
  readonly modules?: readonly ShellModule[]
  /** Printed first, only in a terminal. */
  readonly banner?: string
  /** Lines of earlier sessions; undefined keeps none. */
  readonly historyFile?: string
  readonly input?: Readable
  readonly output?: Writable
  /** Errors of a session that is not in a terminal. */
  readonly errorOutput?: Writable
  readonly env?: NodeJS.ProcessEnv
  /** Answers `import 'specifier'` from within the running program; undefined leaves it to Node. */
  readonly importModule?: (specifier: string) => Promise<object> | undefined
  /** Folder that imports at the prompt are relative to; default: the working directory. */
  readonly directory?: string
  /** `.reload`: loads everything again and returns the lines that say what changed. */
  readonly onReload?: () => Promise<readonly string[]>
  /** Called after the prompt is shown, e.g. to start what the first call will need. */
  readonly warm?: () => Promise<void>
  /** A value as people want to read it; undefined leaves it to `util.inspect`. May take its time until `signal`. */
  readonly present?: (value: unknown, look: ShellLook, signal: AbortSignal) => Promise<string | undefined>
  /** What is printed of a text, which may hold secrets. */
  readonly withoutSecrets?: (text: string) => string
  readonly help?: ShellHelp
  readonly names?: ShellNames
  /** Machines for `!!NODE COMMAND` and `.ssh NODE`. */
  readonly remote?: ShellRemote
  /** `.log`: from which level on messages are shown. */
  readonly logLevel?: { get(): string; set(level: string): void; readonly all: readonly string[] }
  /** `.edit NAME`: the file that is meant. @throws when there is none */
  readonly fileToEdit?: (name: string) => Promise<string>
  /** Types of each line are checked before it is run. */
  readonly typecheck?: boolean
  /** Runs the work of a line where a person can follow what it does on nodes; not after the line was given up. */
  readonly follow?: Follow
  /** `.type`: what TypeScript knows about the names of `context`. */
  readonly types?: ShellTypes
}

/** What `name?` and completion know besides the classes of values. */
export interface ShellHelp {
  /** Class or interface of a value whose constructor does not say it. */
  readonly typeOf: (value: unknown) => string | undefined
  /** The package below @aws-sdk that a value is a client of. */
  readonly sdkClientOf: (value: unknown) => string | undefined
  /** What is exported under the names of its declarations. */
  readonly publicNames: object
}

/** Names of things outside the program, for completion. Answers must come soon or not at all. */
export interface ShellNames {
  /**
   * What may stand in a text in quotes.
   * @param owner the object whose method it is an argument of
   * @returns undefined when nothing is known of that place; `typed` when the candidates stand for its end only
   */
  readonly inString: (
    place: StringPlace,
    owner: unknown,
  ) => Promise<{ readonly candidates: readonly string[]; readonly typed?: string } | undefined>
  readonly clusters: () => Promise<readonly string[]>
  readonly nodes: (cluster: string) => Promise<readonly string[]>
  readonly plugins: () => Promise<readonly string[]>
}

/** How values are printed. */
export interface ShellLook {
  readonly color: boolean
  /** Width of the terminal. */
  readonly columns: number
}

export interface ShellModule {
  readonly name: string
  readonly load: () => Promise<object>
}

export interface ShellTypes {
  /** Such as `declare const cm: import('starcluster').ClusterManager`. */
  readonly declarations: string
  /** Where TypeScript finds packages that are not installed beside the user: `{ starcluster: ['/x/index.d.ts'] }`. */
  readonly paths?: Readonly<Record<string, readonly string[]>>
  /** Packages that take seconds to load, left out until a line has words of `mention`: what is theirs is `any` then. */
  readonly large?: { readonly packages: readonly string[]; readonly mention: RegExp }
}

export type Follow = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>
