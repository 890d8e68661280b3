import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expandPath, starclusterPaths } from '../paths.js'
import { type Dialect, readDialect } from './dialect.js'
import { ConfigError, ConfigNotFound } from './errors.js'
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

/** Finds the config and reads it with what it includes. */
export function readSources(file: string | undefined, env: NodeJS.ProcessEnv): ConfigSources {
  const stamps = new FileStamps()
  const path = chooseFile(file, env, stamps)
  if (path === undefined) return { path, files: [], dialects: [], stamps, warnings: [] }
  const main = readDialect(readText(path, `config file ${path}`), path)
  const included = includesOf(main, path, env)
  const dialects = [main]
  for (const include of included) {
    stamps.add(include)
    dialects.push(readDialect(readText(include, `file ${include}, included by ${path},`), include))
  }
  const warnings = dialects.slice(1).flatMap(nestedIncludes)
  return { path, files: [path, ...included], dialects, stamps, warnings }
}

/** A file that was named must exist; of the usual places the first that exists is taken. */
function chooseFile(file: string | undefined, env: NodeJS.ProcessEnv, stamps: FileStamps): string | undefined {
  const named = file ?? (env.STARCLUSTER_CONFIG || undefined)
  if (named !== undefined) {
    const path = isUrl(named) ? named : resolve(expandPath(named, env))
    stamps.add(path)
    return path
  }
  for (const path of starclusterPaths(env).configFiles) {
    stamps.add(path)
    if (exists(path)) return path
  }
  return undefined
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    // There, but not ours to see: the read that follows says why.
    return true
  }
}

function readText(path: string, what: string): string {
  if (isUrl(path)) return fetchText(path)
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && what.startsWith('config')) {
      throw new ConfigNotFound(`${what} does not exist`, {
        hint: 'check -c and $STARCLUSTER_CONFIG; without them ~/.starclusterrc is read, and no config at all is fine too',
      })
    }
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${READ_ERRORS[code ?? ''] ?? message}`
    throw new ConfigError(`${what} ${reason}`, { cause: error })
  }
}

const READ_ERRORS: Record<string, string> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
}

/** Relative paths are relative to the file that includes. */
function includesOf(main: Dialect, path: string, env: NodeJS.ProcessEnv): string[] {
  const written = includeSetting(main)
  if (!written) return []
  const expand = (include: string) => {
    const expanded = expandPath(include, env)
    return isUrl(expanded) || isUrl(path) ? expanded : resolve(dirname(path), expanded)
  }
  const includes = parseValue('paths', written.value, expand)
  if (includes) return [...includes]
  throw new ConfigError(
    `${path}:${written.line}: [global] include = ${written.value}: expected paths separated by commas`,
  )
}

function nestedIncludes(dialect: Dialect): string[] {
  const written = includeSetting(dialect)
  return written ? [`${written.file}:${written.line}: include is ignored: included files cannot include others`] : []
}

function includeSetting(dialect: Dialect) {
  return dialect.sections.find((section) => section.header === 'global')?.settings.get('include')
}
