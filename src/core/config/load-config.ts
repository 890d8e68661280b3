import { dirname, resolve } from 'node:path'
import type { TemplateDefaults } from '../aws/region.js'
import { addSecret } from '../log.js'
import { didYouMean } from '../nearest.js'
import { expandPath } from '../paths.js'
import { requireText } from '../required.js'
import { withEnvironment } from './environment.js'
import { ConfigError, KeyNotFound, PluginNotFound, type Refuse, refuseByThrowing } from './errors.js'
import { explainConfig } from './explain.js'
import { isUrl } from './fetch-text.js'
import { inherited } from './lineage.js'
import { type NamedSections, readNamed } from './named-sections.js'
import { type Found, readOne, readSection, readSettings } from './read-settings.js'
import {
  AWS_INFO,
  GLOBAL,
  KEY,
  PERMISSION,
  PLUGIN,
  type SectionSchema,
  type Setting,
  type SettingsOf,
  VOLUME,
} from './schema.js'
import { placeOf, type Section } from './section.js'
import { collectSections, type NamedKind, type Sections } from './sections.js'
import { sgeNotice } from './sge-notice.js'
import { readSources } from './sources.js'
import { resolveTemplate, type TemplateContext } from './templates.js'
import type { AwsSettings, GlobalSettings, PluginSettings, StarClusterConfig } from './types.js'

export interface LoadOptions {
  /** `-c`: a path or an http(s) URL. Default: `$STARCLUSTER_CONFIG`, else the first of the usual files that exists. */
  readonly file?: string | undefined
  readonly env?: NodeJS.ProcessEnv
  /** Where mistakes are kept that would be thrown otherwise; what they concern is left out. */
  readonly problems?: ConfigError[] | undefined
}

/** Reads the configuration. Throws ConfigNotFound, ConfigHasNoSections or ConfigError. */
export function loadConfig(options: LoadOptions = {}): StarClusterConfig {
  const env = options.env ?? process.env
  const expand = (path: string) => expandPath(path, env)
  const refuse: Refuse = options.problems ? (error) => void options.problems?.push(error) : refuseByThrowing
  const sources = readSources(options.file, env, refuse)
  const sections = collectSections(sources.dialects.flatMap((dialect) => dialect.sections))
  const global = readGlobal(sections, expand, sources.path, refuse)
  const aws = readAws(sections, env, expand, refuse)
  const keys = readNamed('key', KEY, sections.all('key'), expand)
  const volumes = readNamed('volume', VOLUME, sections.all('volume'), expand)
  const permissions = readNamed('permission', PERMISSION, sections.all('permission'), expand)
  const plugins = readPlugins(sections, expand)
  const context: TemplateContext = {
    clusters: sections.all('cluster'),
    references: { keyname: keys, volumes, permissions, plugins },
    keyLocation: (name) => keys.values.get(name)?.keyLocation,
    expand,
  }
  const broken = [keys, volumes, permissions, plugins].flatMap((kind) => [...kind.problems.values()].flat())
  return {
    path: sources.path,
    sources: sources.files,
    warnings: [
      ...sources.dialects.flatMap((dialect) => dialect.warnings),
      ...sources.warnings,
      ...sections.warnings,
      ...broken,
      ...aws.warnings,
      ...sgeNotice(sections),
    ],
    mistakes: broken,
    global,
    aws: aws.settings,
    keys: keys.values,
    plugins: plugins.values,
    volumes: volumes.values,
    permissions: permissions.values,
    templateNames: [...sections.all('cluster').keys()],
    template: (name: string, defaults: TemplateDefaults) => resolveTemplate(context, name, defaults),
    plugin: (name) => pick(plugins, name, PluginNotFound),
    key: (name) => pick(keys, name, KeyNotFound),
    place: (kind, name, setting) => placeIn(sections, kind, name, setting),
    explain: (name, defaults) => explainConfig(sections, env, expand, name, defaults),
    isStale: () => sources.stamps.changed(),
  }
}

function placeIn(sections: Sections, kind: NamedKind, name: string, setting = ''): string | undefined {
  const section = sections.all(kind).get(name)
  const written = section && inherited(setting, section, kind === 'cluster' ? sections.all('cluster') : new Map())
  return written ? placeOf(written) : section?.place
}

type Expand = (path: string) => string

function readGlobal(sections: Sections, expand: Expand, path: string | undefined, refuse: Refuse): GlobalSettings {
  const values = readOrDefaults(GLOBAL, sections.one('global'), expand, refuse)
  // Relative to the file, wherever a command is typed.
  const base = path === undefined || isUrl(path) ? '.' : dirname(path)
  return { ...values, pluginPath: values.pluginPath.map((folder) => resolve(base, folder)) }
}

/** What a section without required settings says; defaults where it is missing, and for what is refused in it. */
function readOrDefaults<S extends SectionSchema>(
  schema: S,
  section: Section | undefined,
  expand: Expand,
  refuse: Refuse,
): SettingsOf<S> {
  const read = section && readSection(schema, section, expand)
  if (read?.values) return read.values
  if (read) refuse(new ConfigError(read.problems.join('\n')))
  const find = (name: string): Found | undefined => {
    const setting = section?.find(name)
    const found = section && setting && { section, setting }
    return found && 'problem' in readOne(name, schema[name] as Setting, found, expand) ? undefined : found
  }
  return readSettings(schema, { label: '', place: '', find, expand }).values as SettingsOf<S>
}

function readAws(
  sections: Sections,
  env: NodeJS.ProcessEnv,
  expand: Expand,
  refuse: Refuse,
): { readonly settings: AwsSettings | undefined; readonly warnings: readonly string[] } {
  const written = sections.one('aws')
  if (!written) return { settings: undefined, warnings: [] }
  const { section, warnings } = withEnvironment(written, env)
  const settings = readOrDefaults(AWS_INFO, section, expand, refuse)
  const secrets = [settings.awsSecretAccessKey, settings.awsSessionToken, settings.awsProxyPass]
  for (const secret of secrets) if (secret) addSecret(secret)
  const notices = [...halfCredentials(section, settings), ...withoutEffect(section, settings)]
  return { settings, warnings: [...warnings, ...notices] }
}

/** Settings for other clouds and proxies, which are read and do nothing yet. */
function withoutEffect(section: Section, settings: AwsSettings): string[] {
  const { awsRegionHost: host, awsRegionName: region = 'us-east-1', awsIsSecure, awsValidateCerts } = settings
  const { awsPort, awsEc2Path, awsS3Path, awsS3Host, awsProxy } = settings
  const used: [string, boolean][] = [
    ['aws_region_host', host !== undefined && host !== `ec2.${region}.amazonaws.com`],
    ['aws_port', awsPort !== undefined && awsPort !== 443],
    ['aws_ec2_path', awsEc2Path !== '/'],
    ['aws_s3_path', awsS3Path !== '/'],
    ['aws_s3_host', awsS3Host !== undefined && awsS3Host !== 's3.amazonaws.com'],
    ['aws_is_secure', !awsIsSecure],
    ['aws_validate_certs', !awsValidateCerts],
    ['aws_proxy', awsProxy !== undefined],
  ]
  const names = used.filter(([, is]) => is).map(([name]) => name)
  const told = names.join(', ')
  return names.length === 0
    ? []
    : [`${section.place}: ${section.label} not supported yet: ${told}; AWS itself is asked`]
}

function halfCredentials(section: Section, settings: AwsSettings): string[] {
  const { awsAccessKeyId, awsSecretAccessKey, awsProfile } = settings
  if (awsAccessKeyId !== undefined && awsSecretAccessKey !== undefined && awsProfile !== undefined) {
    return [`${section.place}: ${section.label} has an access key, so aws_profile = ${awsProfile} is not used`]
  }
  if ((awsAccessKeyId === undefined) === (awsSecretAccessKey === undefined)) return []
  const names = ['aws_access_key_id', 'aws_secret_access_key']
  const [has, lacks] = awsAccessKeyId === undefined ? names.reverse() : names
  return [
    `${section.place}: ${section.label} has ${has} but no ${lacks}: the default credentials of the AWS SDK are used`,
  ]
}

function readPlugins(sections: Sections, expand: Expand): NamedSections<PluginSettings> {
  const all = sections.all('plugin')
  const named = readNamed('plugin', PLUGIN, all, expand)
  const values = [...named.values].map(([name, { setupClass }]): [string, PluginSettings] => {
    const section = all.get(name)
    const own = [...(section?.settings.values() ?? [])].filter((setting) => !(setting.name in PLUGIN))
    const settings = new Map(own.map((setting) => [setting.name, setting.value]))
    return [name, { name, setupClass, settings, place: section?.place ?? '' }]
  })
  return { ...named, values: new Map(values) }
}

function pick<T>(sections: NamedSections<T>, name: string, NotFound: typeof PluginNotFound | typeof KeyNotFound): T {
  requireText(`the name of a ${sections.kind}`, name)
  const value = sections.values.get(name)
  if (value !== undefined) return value
  const problems = sections.problems.get(name)
  if (problems) throw new ConfigError(problems.join('\n'))
  const known = [...sections.names]
  throw new NotFound(`${sections.kind} ${name} is not defined in the config${didYouMean(name, known)}`, {
    hint:
      (known.length > 0
        ? `defined are: ${known.join(', ')}`
        : `add a section [${sections.kind} ${name}] to your config`) +
      (sections.kind === 'plugin' ? '; "starcluster plugins" lists all there are, which run by module.Class too' : ''),
  })
}
