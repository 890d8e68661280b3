import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { TemplateDefaults } from '../aws/region.js'
import { ConfigError, loadConfig } from '../config/index.js'
import { keyFileProblems } from './settings/key-file.js'
import { throwProblems } from './settings/problem.js'
import { templateProblems } from './settings/template.js'

/** What a first config says. */
export interface NewConfig {
  /** `local`, or a region of AWS. */
  readonly region: string
  /** Of `~/.aws/config`; undefined: the default credentials. */
  readonly profile?: string | undefined
  /** Name of the template. */
  readonly template: string
  readonly clusterSize: number
  readonly instanceType: string
  readonly imageId: string
  /** On AWS only. */
  readonly key?: { readonly name: string; readonly location: string } | undefined
}

/**
 * Writes a config that works, readable by its owner only. It is read back and checked before it gets its name.
 *
 * @param defaults of the region
 * @throws ConfigError when the file exists already or would not work
 */
export function writeNewConfig(
  path: string,
  wanted: NewConfig,
  defaults: TemplateDefaults,
  env: NodeJS.ProcessEnv,
): void {
  refuseUnwritable(wanted)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, configText(wanted), { flag: 'wx', mode: 0o600 })
  try {
    const config = loadConfig({ file: draft, env })
    const template = config.template(wanted.template, defaults)
    const given = new Set(['cluster_size', 'node_instance_type', 'node_image_id'])
    throwProblems(
      { place: () => undefined },
      [...templateProblems(config, template), ...keyFileProblems(template)],
      given,
    )
    linkSync(draft, path) // unlike rename, never in the place of another file
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw configExists(path)
    if (error instanceof ConfigError)
      throw new ConfigError(error.message.replaceAll(draft, 'config'), { hint: error.hint })
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

export function configExists(path: string): ConfigError {
  return new ConfigError(`there is a config already: ${path}`, {
    hint: 'edit it, check it with "starcluster config check", or write another one: starcluster -c FILE config init',
  })
}

/** @throws ConfigError for what would mean something else in a config file */
function refuseUnwritable({ key, ...others }: NewConfig): void {
  for (const value of [...Object.values(others), key?.name, key?.location]) {
    if (typeof value !== 'string' || !/[\r\n]|(^|\s)[#;]|%\(/.test(value)) continue
    throw new ConfigError(
      `${JSON.stringify(value)} cannot be written into a config: it has a comment, %( or a line end`,
    )
  }
  for (const name of [others.template, ...(key ? [key.name] : [])]) {
    if (!/^[^\s[\]]+$/.test(name)) throw new ConfigError(`${JSON.stringify(name)} cannot be the name of a section`)
  }
}

function configText({ region, profile, template, clusterSize, instanceType, imageId, key }: NewConfig): string {
  const aws =
    region === 'local'
      ? '# Clusters live in the local cloud, on this computer, until there is a section [aws info] or -r names a region.\n'
      : [
          '# Keys come from the default chain of AWS (environment, profile, SSO, role), or set aws_access_key_id here.',
          '[aws info]',
          `aws_region_name = ${region}`,
          ...(profile === undefined ? [] : [`aws_profile = ${profile}`]),
          '',
        ].join('\n')
  const keySection = key ? `[key ${key.name}]\nkey_location = ${key.location}\n\n` : ''
  return `# Settings of StarCluster; docs/configuration.md and .starclusterrc.example have all there are.

[global]
default_template = ${template}

${aws}
${keySection}[cluster ${template}]
${key ? `keyname = ${key.name}\n` : ''}cluster_size = ${clusterSize}
node_instance_type = ${instanceType}
node_image_id = ${imageId}
${region === 'local' ? '' : 'queue = none\n'}#plugins = myplugin
`
}
