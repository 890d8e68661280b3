import { dirname, resolve } from 'node:path'
import type { TemplateDefaults } from '../aws/region.js'
import { addSecret } from '../log.js'
import { didYouMean } from '../nearest.js'
import { expandPath } from '../paths.js'
import { withEnvironment } from './environment.js'
import { ConfigError, KeyNotFound, PluginNotFound } from './errors.js'
import { isUrl } from './fetch-text.js'
import { inherited } from './lineage.js'
import { type NamedSections, readNamed } from './named-sections.js'
import { readSection, readSettings } from './read-settings.js'
import { AWS_INFO, GLOBAL, KEY, PERMISSION, PLUGIN, VOLUME } from './schema.js'
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
}

/** Reads the configuration. Throws ConfigNotFound, ConfigHasNoSections or ConfigError. */
export function loadConfig(options: LoadOptions = {}): StarClusterConfig {
  const env = options.env ?? process.env
  const expand = (path: string) => expandPath(path, env)
  const sources = readSources(options.file, env)
  const sections = collectSections(sources.dialects.flatMap((dialect) => dialect.sections))
  const global = readGlobal(sections, expand, sources.path)
  const aws = readAws(sections, env, expand)
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
    isStale: () => sources.stamps.changed(),
  }
}

function placeIn(sections: Sections, kind: NamedKind, name: string, setting = ''): string | undefined {
  const section = sections.all(kind).get(name)
  const written = section && inherited(setting, section, kind === 'cluster' ? sections.all('cluster') : new Map())
  return written ? placeOf(written) : section?.place
}

type Expand = (path: string) => string

function readGlobal(sections: Sections, expand: Expand, path: string | undefined): GlobalSettings {
  const section = sections.one('global')
  const read = section
    ? readSection(GLOBAL, section, expand)
    : readSettings(GLOBAL, { label: '[global]', place: '', find: () => undefined, expand })
  if (!read.values) throw new ConfigError(read.problems.join('\n'))
  // Relative to the file, wherever a command is typed.
  const base = path === undefined || isUrl(path) ? '.' : dirname(path)
  return { ...read.values, pluginPath: read.values.pluginPath.map((folder) => resolve(base, folder)) }
}

function readAws(
  sections: Sections,
  env: NodeJS.ProcessEnv,
  expand: Expand,
): { readonly settings: AwsSettings | undefined; readonly warnings: readonly string[] } {
  const written = sections.one('aws')
  if (!written) return { settings: undefined, warnings: [] }
  const { section, warnings } = withEnvironment(written, env)
  const read = readSection(AWS_INFO, section, expand)
  if (!read.values) throw new ConfigError(read.problems.join('\n'))
  for (const secret of [read.values.awsSecretAccessKey, read.values.awsProxyPass]) if (secret) addSecret(secret)
  return { settings: read.values, warnings: [...warnings, ...halfCredentials(section, read.values)] }
}

function halfCredentials(section: Section, { awsAccessKeyId, awsSecretAccessKey }: AwsSettings): string[] {
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
  const value = sections.values.get(name)
  if (value !== undefined) return value
  const problems = sections.problems.get(name)
  if (problems) throw new ConfigError(problems.join('\n'))
  const known = [...sections.names]
  throw new NotFound(`${sections.kind} ${name} is not defined in the config${didYouMean(name, known)}`, {
    hint:
      known.length > 0 ? `defined are: ${known.join(', ')}` : `add a section [${sections.kind} ${name}] to your config`,
  })
}
