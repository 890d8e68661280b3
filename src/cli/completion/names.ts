import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { starclusterPaths } from '../../core/paths.js'
import type { Candidate } from './candidates.js'
import type { WordKind } from './kinds.js'

/** Names that are there in one region. */
export type Names = {
  readonly [Kind in Exclude<WordKind, 'file' | 'command' | 'node' | 'cluster'>]: readonly Candidate[]
} & { readonly cluster: readonly (Candidate & { readonly nodes: readonly string[] })[] }

export const noNames: Names = {
  cluster: [],
  instance: [],
  volume: [],
  image: [],
  key: [],
  template: [],
  plugin: [],
  zone: [],
  region: [],
  bucket: [],
}

/** Younger names are taken as they are; older ones too, but asked for anew behind the user's back. */
const freshMs = 5_000
/** A look that takes longer, or was killed, is not waited for. */
const lookMs = 20_000

/** Where the names of what these global options select are kept. */
export function namesFile(env: NodeJS.ProcessEnv, globals: readonly string[]): string {
  const which = [...globals, env.STARCLUSTER_CONFIG ?? '']
  const name = createHash('sha256').update(JSON.stringify(which)).digest('hex').slice(0, 16)
  return join(starclusterPaths(env).dir, 'cache', `names-${name}.json`)
}

/** The names that were there lately; none when they were never looked for. Never fails. */
export function readNames(file: string): Names {
  try {
    return { ...noNames, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<Names>) }
  } catch {
    return noNames
  }
}

/** Readable by the user only, and never half a file. */
export function writeNames(file: string, names: Names): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const half = `${file}.${process.pid}`
  writeFileSync(half, JSON.stringify(names), { mode: 0o600 })
  renameSync(half, file)
}

export const areFresh = (file: string): boolean => ageOf(file) < freshMs

/** Has them looked for by a process of its own, unless one is at it. @param globals as given on the command line */
export function lookForNames(file: string, globals: readonly string[]): void {
  const mark = `${file}.looking`
  if (ageOf(mark) < lookMs) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(mark, '', { mode: 0o600 })
  const now = new Date()
  utimesSync(mark, now, now)
  const argv = [...process.execArgv, process.argv[1] ?? '', ...globals, '__names']
  const child = spawn(process.execPath, argv, { detached: true, stdio: 'ignore' })
  child.on('error', () => undefined) // then there are none to offer
  child.unref()
}

/** Something was made or removed: where names are kept, they are looked for anew. */
export function lookAgain(env: NodeJS.ProcessEnv, globals: readonly string[]): void {
  const file = namesFile(env, globals)
  if (ageOf(file) !== Number.POSITIVE_INFINITY) lookForNames(file, globals)
}

/** The look has ended: the next one may begin. */
export function endLook(file: string): void {
  try {
    utimesSync(`${file}.looking`, 0, 0)
  } catch {
    // Nobody had marked one.
  }
}

function ageOf(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
