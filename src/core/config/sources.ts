import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expandPath, starclusterPaths } from '../paths.js'
import { type Dialect, readDialect } from './dialect.js'
import { ConfigError, ConfigNotFound, type Refuse } from './errors.js'
import { fetchText, isUrl } from './fetch-text.js'
import { FileStamps } from './file-stamps.js'
import { parseValue } from './setting-types.js'

/** Every file that was read; a later one counts over an earlier one. */
export interface ConfigSources {
  /** The main file; undefined when there is none. */
  readonly path: string | undefined
  readonly files: readonly string[]
  readonly dialects: readonly Dialect[]
  /** Of all files that were read or looked for. */
  readonly stamps: FileStamps
  readonly warnings: readonly string[]
}

/** Finds the config and reads it with what it includes. A file that is refused is left out. */
export function readSources(file: string | undefined, env: NodeJS.ProcessEnv, refuse: Refuse): ConfigSources {
  const stamps = new FileStamps()
  const { path, candidates } = findConfigFile(file, env)
  for (const candidate of candidates) stamps.add(candidate)
  if (path === undefined) return { path, files: [], dialects: [], stamps, warnings: [] }
  const files: string[] = []
  const dialects: Dialect[] = []
  const read = (from: string, what: string) => {
    stamps.add(from)
    const text = readText(from, what, refuse)
    if (text === undefined) return undefined
    const dialect = readDialect(text, from, refuse)
    files.push(from)
    dialects.push(dialect)
    return dialect
  }
  const main = read(path, `config file ${path}`)
  const included = main ? includesOf(main, path, env, refuse) : []
  for (const include of included) read(include, `file ${include}, included by ${path},`)
  return { path, files, dialects, stamps, warnings: dialects.slice(1).flatMap(nestedIncludes) }
}

/** Which config file is read, and why. */
export interface ConfigFileChoice {
  /** undefined: there is none, the defaults are all there is. */
  readonly path: string | undefined
  readonly reason: '-c' | '$STARCLUSTER_CONFIG' | 'usual place' | 'none'
  /** Where it was looked for, up to the one that is read. */
  readonly candidates: readonly string[]
}

/** A file that was named must exist; of the usual places the first that exists is taken. */
export function findConfigFile(file: string | undefined, env: NodeJS.ProcessEnv = process.env): ConfigFileChoice {
  const named = file ?? (env.STARCLUSTER_CONFIG || undefined)
  if (named !== undefined) {
    const path = isUrl(named) ? named : resolve(expandPath(named, env))
    return { path, reason: file === undefined ? '$STARCLUSTER_CONFIG' : '-c', candidates: [path] }
  }
  const { configFiles } = starclusterPaths(env)
  const found = configFiles.findIndex(exists)
  if (found === -1) return { path: undefined, reason: 'none', candidates: configFiles }
  return { path: configFiles[found], reason: 'usual place', candidates: configFiles.slice(0, found + 1) }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    // There, but not ours to see: the read that follows says why.
    return true
  }
}

function readText(path: string, what: string, refuse: Refuse): string | undefined {
  try {
    return isUrl(path) ? fetchText(path) : readFileSync(path, 'utf8')
  } catch (error) {
    refuse(error instanceof ConfigError ? error : readError(what, error as NodeJS.ErrnoException))
    return undefined
  }
}

function readError(what: string, error: NodeJS.ErrnoException): ConfigError {
  const { code, message } = error
  if (code === 'ENOENT' && what.startsWith('config')) {
    return new ConfigNotFound(`${what} does not exist`, {
      hint: 'check -c and $STARCLUSTER_CONFIG; without them ~/.starclusterrc is read, and no config at all is fine too',
    })
  }
  const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${READ_ERRORS[code ?? ''] ?? message}`
  return new ConfigError(`${what} ${reason}`, { cause: error })
}

const READ_ERRORS: Record<string, string> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
}

/** Relative paths are relative to the file that includes. */
function includesOf(main: Dialect, path: string, env: NodeJS.ProcessEnv, refuse: Refuse): string[] {
  const written = includeSetting(main)
  if (!written) return []
  const expand = (include: string) => {
    const expanded = expandPath(include, env)
    return isUrl(expanded) || isUrl(path) ? expanded : resolve(dirname(path), expanded)
  }
  const includes = parseValue('paths', written.value, expand)
  if (includes) return [...includes]
  refuse(
    new ConfigError(`${path}:${written.line}: [global] include = ${written.value}: expected paths separated by commas`),
  )
  return []
}

function nestedIncludes(dialect: Dialect): string[] {
  const written = includeSetting(dialect)
  return written ? [`${written.file}:${written.line}: include is ignored: included files cannot include others`] : []
}

function includeSetting(dialect: Dialect) {
  return dialect.sections.find((section) => section.header === 'global')?.settings.get('include')
}
