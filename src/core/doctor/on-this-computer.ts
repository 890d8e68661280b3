import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { checkConfig } from '../cluster/check-config.js'
import { ConfigError } from '../config/index.js'
import { StarClusterError } from '../errors.js'
import { Concern, type Probe } from './check.js'
import { type Candidate, candidateKeys, keyProblem } from './keys.js'

class NotReady extends StarClusterError {
  readonly code = 'NotReady'
}

/** The files are read and understood. */
export const configFile: Probe = {
  name: 'config',
  async try(deps) {
    const config = deps.config()
    const findings = await checkConfig(deps, config, deps.problems)
    const errors = findings.filter(({ severity }) => severity === 'error')
    const where = config.sources.length === 0 ? 'none; the defaults are used' : config.sources.join(', ')
    if (errors.length > 0) {
      throw new ConfigError(`${errors.length} mistakes, the first: ${errors[0]?.message}`, {
        hint: '"starcluster config check" lists them',
      })
    }
    if (findings.length > 0)
      throw new Concern(`${where}: ${findings[0]?.message}`, '"starcluster config check" says more')
    return where
  },
}

/** Every plugin that the config names can be loaded. */
export const plugins: Probe = {
  name: 'plugins',
  async try(deps) {
    const names = [...deps.config().plugins.keys()]
    const failures: string[] = []
    for (const name of names) {
      await deps.plugins
        .load(deps.config().plugin(name))
        .catch((error: unknown) => failures.push(`${name}: ${messageOf(error)}`))
    }
    if (failures.length > 0) throw new Concern(failures[0] ?? '', '"starcluster plugins" lists them all')
    return names.length === 0 ? 'none in the config' : names.join(', ')
  },
}

/** Logging in uses the system's ssh. */
export const sshProgram: Probe = {
  name: 'ssh',
  async try() {
    const found = (process.env.PATH ?? '').split(delimiter).find((folder) => existsSync(join(folder, 'ssh')))
    if (found !== undefined) return join(found, 'ssh')
    throw new Concern(
      'no program ssh in PATH: logging in uses a built-in terminal',
      'install the package openssh-client',
    )
  },
}

/** Private keys of the config are readable, by their owner only, and are keys. */
export const keys: Probe = {
  name: 'keys',
  async try(deps) {
    const found = candidateKeys(deps)
    const wrong = (await Promise.all(found.map(keyProblem))).filter((text) => text !== undefined)
    if (wrong.length > 0)
      throw new NotReady(wrong[0] ?? '', {
        hint: 'correct key_location, or make a key: "starcluster createkey NAME -o FILE"',
      })
    return found.length === 0 ? 'none in the config: one is made at the first start' : found.map(nameOf).join(', ')
  },
}

const nameOf = ({ name, file }: Candidate) => `${name} (${file})`
const messageOf = (error: unknown) => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))
