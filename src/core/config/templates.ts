import type { TemplateDefaults } from '../aws/region.js'
import { didYouMean } from '../nearest.js'
import { ClusterTemplateDoesNotExist, ConfigError } from './errors.js'
import { looksLikeInstanceType, type NodeTypeGroup, parseNodeTypes } from './node-types.js'
import { type Found, readSettings } from './read-settings.js'
import { CLUSTER, type SettingsOf } from './schema.js'
import { placeOf, type Section } from './section.js'

export type QueueName = 'none' | 'slurm' | 'sge'

/** A `[cluster NAME]` section with its parents and all defaults: what `start` works from. */
export interface ClusterTemplate extends Omit<SettingsOf<typeof CLUSTER>, 'nodeInstanceType' | 'queue'> {
  readonly name: string
  /** Private key of `keyname` where its `[key]` section names one. */
  readonly keyLocation?: string
  /** Never empty; the last group has no count and is for all remaining workers. */
  readonly nodeInstanceTypes: readonly NodeTypeGroup[]
  readonly queue: QueueName
}

/** What a template refers to by name, and how its settings are read. */
export interface TemplateContext {
  readonly clusters: ReadonlyMap<string, Section>
  /** For each kind of reference: the names that exist, and what is wrong with the section of a name. */
  readonly references: Readonly<Record<'keyname' | 'volumes' | 'plugins' | 'permissions', References>>
  readonly keyLocation: (keyname: string) => string | undefined
  readonly expand: (path: string) => string
}

export interface References {
  /** First word of the section's header. */
  readonly kind: string
  readonly names: ReadonlySet<string>
  readonly problems: ReadonlyMap<string, readonly string[]>
}

export function resolveTemplate(context: TemplateContext, name: string, defaults: TemplateDefaults): ClusterTemplate {
  const chain = inheritance(context.clusters, name)
  const section = chain[0] as Section
  const find = (setting: string): Found | undefined => {
    for (const ancestor of chain) {
      const raw = ancestor.find(setting)
      if (raw) return { section: ancestor, setting: raw }
    }
    return undefined
  }
  return readTemplate(context, name, section, find, defaults)
}

/** The template of a cluster that is started without any: the region's own defaults. */
export function builtinTemplate(defaults: TemplateDefaults): ClusterTemplate {
  const none: References = { kind: '', names: new Set(), problems: new Map() }
  const references = { keyname: none, volumes: none, plugins: none, permissions: none }
  const context = { clusters: new Map(), references, keyLocation: () => undefined, expand: (path: string) => path }
  return readTemplate(context, BUILTIN, undefined, () => undefined, defaults)
}

const BUILTIN = 'built-in'

function readTemplate(
  context: TemplateContext,
  name: string,
  section: Section | undefined,
  find: (setting: string) => Found | undefined,
  defaults: TemplateDefaults,
): ClusterTemplate {
  const label = section?.label ?? 'the built-in template'
  const place = section?.place ?? 'without a config'
  const read = readSettings(CLUSTER, { label, place, find, expand: context.expand, defaults: regionDefaults(defaults) })
  if (!read.values) throw templateError(read.problems)
  const { nodeInstanceType, queue, ...values } = read.values
  const nodeInstanceTypes = parseNodeTypes(nodeInstanceType)
  // Where the setting stands, which may be in an ancestor.
  const at = (setting: string) => {
    const found = find(setting)
    return `${found ? placeOf(found.setting) : place}: ${found?.section.label ?? label} ${setting}`
  }
  const problems = [
    ...('problem' in nodeInstanceTypes ? [`${at('node_instance_type')}: ${nodeInstanceTypes.problem}`] : []),
    ...masterTypeProblems(at, values.masterInstanceType),
    ...referenceProblems(context, at, values, defaults),
  ]
  if (problems.length > 0 || 'problem' in nodeInstanceTypes) throw templateError(problems)
  const keyLocation = context.keyLocation(values.keyname)
  const key = keyLocation === undefined ? {} : { keyLocation }
  return { ...values, name, ...key, nodeInstanceTypes, queue: queue as QueueName }
}

/** The template and its ancestors, nearest first. @throws ClusterTemplateDoesNotExist, ConfigError */
export function inheritance(clusters: ReadonlyMap<string, Section>, name: string): Section[] {
  const chain: Section[] = []
  for (let next: string | undefined = name; next !== undefined; ) {
    const section: Section | undefined = clusters.get(next)
    if (!section) throw unknownTemplate(clusters, next, chain.at(-1))
    if (chain.includes(section)) {
      const names = [...chain, section].map((link) => link.name).join(' -> ')
      throw new ConfigError(`${section.place}: templates extend each other in a circle: ${names}`, {
        hint: 'take one of the extends settings out',
      })
    }
    chain.push(section)
    next = parentOf(section)
  }
  return chain
}

function parentOf(section: Section): string | undefined {
  // Not through [DEFAULT], which would make a template extend itself.
  const setting = section.settings.get('extends')
  if (!setting) return undefined
  const read = section.textOf(setting)
  if ('problem' in read) throw templateError([`${section.place}: ${section.label} extends: ${read.problem}`])
  return read.text === '' ? undefined : read.text
}

function unknownTemplate(clusters: ReadonlyMap<string, Section>, name: string, child: Section | undefined): Error {
  const suggestion = didYouMean(name, clusters.keys())
  const known = clusters.size > 0 ? `templates in the config: ${[...clusters.keys()].join(', ')}` : undefined
  if (child) {
    const message = `${child.place}: ${child.label} extends ${name}, which does not exist${suggestion}`
    return new ConfigError(message, { hint: known })
  }
  return new ClusterTemplateDoesNotExist(`cluster template ${name} does not exist${suggestion}`, {
    hint: known ?? `add a section [cluster ${name}] to your config, or leave -c out`,
  })
}

type TemplateValues = Pick<SettingsOf<typeof CLUSTER>, 'keyname' | 'volumes' | 'plugins' | 'permissions'>

function referenceProblems(
  { references }: TemplateContext,
  at: (setting: string) => string,
  values: TemplateValues,
  defaults: TemplateDefaults,
): string[] {
  const problems: string[] = []
  const check = (setting: keyof typeof references, name: string) => {
    const { kind, names, problems: broken } = references[setting]
    if (names.has(name)) problems.push(...(broken.get(name) ?? []))
    else problems.push(`${at(setting)}: no section [${kind} ${name}] exists${didYouMean(name, names)}`)
  }
  // A key pair of that name is made on first use, so it needs no section.
  if (values.keyname !== defaults.keyname) check('keyname', values.keyname)
  for (const setting of ['volumes', 'plugins', 'permissions'] as const) {
    for (const name of values[setting]) check(setting, name)
  }
  return problems
}

function masterTypeProblems(at: (setting: string) => string, type: string | undefined): string[] {
  if (type === undefined || looksLikeInstanceType(type)) return []
  return [`${at('master_instance_type')}: "${type}" is not the name of an instance type, such as t3.small`]
}

function templateError(problems: readonly string[]): ConfigError {
  return new ConfigError(problems.join('\n'), { hint: 'see docs/configuration.md for every setting' })
}

/** The region's defaults by the names of settings. */
export function regionDefaults(defaults: TemplateDefaults): Record<string, unknown> {
  return {
    cluster_size: defaults.clusterSize,
    node_image_id: defaults.nodeImageId,
    node_instance_type: defaults.nodeInstanceType === undefined ? undefined : [defaults.nodeInstanceType],
    keyname: defaults.keyname,
  }
}
