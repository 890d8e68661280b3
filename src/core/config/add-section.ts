import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { starclusterPaths } from '../paths.js'
import { ConfigError } from './errors.js'
import { isUrl } from './fetch-text.js'
import { loadConfig } from './load-config.js'
import type { StarClusterConfig } from './types.js'

/**
 * Prepares to add a `[volume NAME]` section at the end of the config, or in a first one where there is none.
 * @returns adds it, with these settings; gives the file's path
 * @throws ConfigError for a name that is taken or cannot be one, and a config that cannot be written
 */
export function volumeSectionAdder(
  config: Pick<StarClusterConfig, 'path' | 'volumes'>,
  name: string,
  env: NodeJS.ProcessEnv,
): (settings: Readonly<Record<string, string>>) => string {
  if (!/^\w[\w.-]*$/.test(name))
    throw new ConfigError(`${JSON.stringify(name)} cannot be the name of a [volume] section`)
  if (config.volumes.has(name)) {
    throw new ConfigError(`there is a section [volume ${name}] in the config already`, { hint: 'use another name' })
  }
  const named = config.path ?? starclusterPaths(env).configFiles[0]!
  if (isUrl(named)) {
    throw new ConfigError(`the config is ${named}: nothing can be added to it`, {
      hint: 'add the section there by hand',
    })
  }
  return (settings) => {
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
    append(named, `[volume ${name}]\n${lines.join('\n')}\n`, env)
    return named
  }
}

/** All or nothing: what would be read is read before it takes the file's place. A link stays one. */
function append(named: string, section: string, env: NodeJS.ProcessEnv): void {
  const path = existsSync(named) ? realpathSync(named) : named
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.new`
  try {
    writeFileSync(draft, `${before}${gap}${section}`, { flag: 'wx', mode: 0o600 })
    loadConfig({ file: draft, env })
    if (existsSync(path)) chmodSync(draft, statSync(path).mode)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new ConfigError(
      `the section cannot be added to ${path}: ${(error as Error).message.replaceAll(draft, path)}`,
      {
        cause: error,
        hint: `add it by hand:\n${section.trimEnd()}`,
      },
    )
  }
}
