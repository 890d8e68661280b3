import { existsSync, statSync } from 'node:fs'
import type { TemplateDefaults } from '../aws/region.js'
import { type ConfigError, isUrl, type StarClusterConfig } from '../config/index.js'
import { isStarClusterError } from '../errors.js'
import { didYouMean } from '../nearest.js'
import type { ClusterDeps } from './deps.js'
import { keyFileProblems } from './settings/key-file.js'
import { permissionProblems } from './settings/permissions.js'
import { problemLine, type SettingProblem } from './settings/problem.js'
import { templateProblems } from './settings/template.js'
import { unsupportedSettings } from './settings/unsupported.js'
import { volumeProblems } from './settings/volumes.js'
import { renderUserData } from './user-data.js'

/** Something to mend in the config. */
export interface ConfigFinding {
  /** An error keeps something from working; a warning may be meant. */
  readonly severity: 'error' | 'warning'
  /** `file:line`, where it has a place. */
  readonly place?: string
  readonly message: string
  /** What to do. */
  readonly hint?: string
}

type Deps = Pick<ClusterDeps, 'region' | 'plugins'>

/**
 * Everything that is wrong with a config, as far as it shows without asking AWS: all of its files, sections, templates,
 * plugins (which are loaded), and the files it names.
 *
 * @param problems what was refused when it was read
 */
export async function checkConfig(
  deps: Deps,
  config: StarClusterConfig,
  problems: readonly ConfigError[],
): Promise<ConfigFinding[]> {
  const findings = [
    ...problems.flatMap((problem) => lines('error', problem.message, problem.hint)),
    ...config.mistakes.flatMap((text) => lines('error', text)),
    ...config.warnings.filter((text) => !config.mistakes.includes(text)).flatMap((text) => lines('warning', text)),
    ...defaultTemplate(config),
    ...[...config.volumes.values()].flatMap((volume) => found(config, volumeProblems([volume]))),
    ...[...config.permissions.values()].flatMap((permission) => found(config, permissionProblems(permission))),
    ...(await Promise.all(config.templateNames.map((name) => checkTemplate(deps, config, name)))).flat(),
    ...(await Promise.all([...config.plugins.values()].map((plugin) => checkPlugin(deps, plugin)))).flat(),
    ...[...config.keys.values()].flatMap((key) => checkKey(config, key)),
    ...config.sources.flatMap((file) => checkFile(config, file)),
    ...config.global.pluginPath.filter((folder) => !existsSync(folder)).map(missingFolder),
  ]
  // A section with a mistake is found again by each template that names it.
  const unique = new Map(findings.map((one) => [`${one.place} ${one.message}`, one]))
  return [...unique.values()].sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

/** A finding for each line of a message, its place apart. */
function lines(severity: ConfigFinding['severity'], text: string, hint?: string): ConfigFinding[] {
  return text.split('\n').map((line) => {
    const [, place, message] = /^(\S.*?:\d+|environment variable \w+): (.*)$/.exec(line) ?? []
    const what = place === undefined ? { message: line } : { place, message: message ?? '' }
    return { severity, ...what, ...(hint === undefined ? {} : { hint }) }
  })
}

function defaultTemplate({ global, templateNames }: StarClusterConfig): ConfigFinding[] {
  const { defaultTemplate: name } = global
  if (name === undefined || templateNames.includes(name)) return []
  const message = `[global] default_template = ${name}: no section [cluster ${name}] exists${didYouMean(name, templateNames)}`
  return [{ severity: 'error', message }]
}

async function checkTemplate({ region }: Deps, config: StarClusterConfig, name: string): Promise<ConfigFinding[]> {
  const { template, findings } = readTemplate(config, name, region.templateDefaults)
  if (!template) return findings
  const problems = [...templateProblems(config, template), ...keyFileProblems(template)]
  const place = config.place('cluster', name) ?? ''
  return [
    ...findings,
    ...found(config, problems),
    ...(await checkUserData(config, name, template.userdataScripts)),
    ...unsupportedSettings(template).flatMap((text) => lines('warning', `${place}: [cluster ${name}] ${text}`)),
  ]
}

/** What it lacks is taken for something, so that the rest of it is looked at too. */
function readTemplate(config: StarClusterConfig, name: string, defaults: TemplateDefaults) {
  try {
    return { template: config.template(name, defaults), findings: [] }
  } catch (error) {
    const findings = thrown(error)
    const filled = {
      clusterSize: 1000,
      nodeImageId: 'default',
      nodeInstanceType: 't3.small',
      keyname: '(none)',
      ...defaults,
    }
    try {
      return { template: config.template(name, filled), findings }
    } catch (again) {
      return { template: undefined, findings: [...findings, ...thrown(again)] }
    }
  }
}

async function checkUserData(
  config: StarClusterConfig,
  name: string,
  scripts: readonly string[],
): Promise<ConfigFinding[]> {
  try {
    await renderUserData(scripts)
    return []
  } catch (error) {
    const place = config.place('cluster', name, 'userdata_scripts')
    return thrown(error, place === undefined ? '' : `${place}: [cluster ${name}] `)
  }
}

type Plugin = StarClusterConfig['plugins'] extends ReadonlyMap<string, infer P> ? P : never

async function checkPlugin({ plugins }: Deps, plugin: Plugin): Promise<ConfigFinding[]> {
  try {
    await plugins.load(plugin)
    return []
  } catch (error) {
    if (!isStarClusterError(error)) throw error
    return [
      { severity: 'error', place: plugin.place, message: error.message, ...(error.hint ? { hint: error.hint } : {}) },
    ]
  }
}

/** ssh refuses a private key that others can read. */
function checkKey(
  config: StarClusterConfig,
  { name, keyLocation }: { name: string; keyLocation: string },
): ConfigFinding[] {
  const problems = keyFileProblems({ keyname: name, keyLocation })
  if (problems.length > 0) return found(config, problems)
  if ((statSync(keyLocation).mode & 0o077) === 0) return []
  const line = `${config.place('key', name, 'key_location')}: [key ${name}] others may read ${keyLocation}, which ssh refuses`
  return lines('error', line, `chmod 600 ${keyLocation}`)
}

function checkFile({ aws }: StarClusterConfig, file: string): ConfigFinding[] {
  const hasSecrets = aws?.awsSecretAccessKey !== undefined || aws?.awsProxyPass !== undefined
  if (isUrl(file) || !hasSecrets || (statSync(file).mode & 0o077) === 0) return []
  return [
    { severity: 'warning', message: `others may read ${file}, and the config has secrets`, hint: `chmod 600 ${file}` },
  ]
}

function missingFolder(folder: string): ConfigFinding {
  return { severity: 'warning', message: `[global] plugin_path: the folder ${folder} does not exist` }
}

function found(config: StarClusterConfig, problems: readonly SettingProblem[]): ConfigFinding[] {
  return problems.flatMap((problem) => lines('error', problemLine(config, problem), problem.hint))
}

function thrown(error: unknown, before = ''): ConfigFinding[] {
  if (!isStarClusterError(error)) throw error
  return lines('error', before + error.message, error.hint)
}
