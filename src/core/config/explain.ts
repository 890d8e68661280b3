import type { TemplateDefaults } from '../aws/region.js'
import { looksSecret } from '../setup/setting-names.js'
import { withEnvironment } from './environment.js'
import { type Found, readOne } from './read-settings.js'
import { CLUSTER, PLUGIN, type SectionSchema, type Setting } from './schema.js'
import { placeOf, type Section } from './section.js'
import type { NamedKind, Sections } from './sections.js'
import { inheritance, regionDefaults } from './templates.js'

/** A setting, what it means and why. */
export interface ExplainedSetting {
  /** As it is written in the file. */
  readonly name: string
  /** As it is understood; absent when nothing sets it, `(not shown)` when it is a secret. */
  readonly value?: unknown
  readonly source: 'file' | 'environment' | 'default of the region' | 'default' | 'not set'
  /** `file:line`, or the variable of the environment. */
  readonly place?: string
  /** Name of the template it comes from, when it is another one. */
  readonly inheritedFrom?: string
  /** Why it cannot be understood. */
  readonly problem?: string
}

export interface ExplainedSection {
  /** `[cluster smallcluster]`, or `the built-in template`. */
  readonly label: string
  /** `file:line` of its header. */
  readonly place?: string
  readonly settings: readonly ExplainedSetting[]
}

const HIDDEN = '(not shown)'

type Expand = (path: string) => string

/**
 * `[global]`, `[aws info]`, a template and the sections it refers to.
 * @param name of the template; undefined: the default one, else the built-in one
 * @throws ClusterTemplateDoesNotExist, ConfigError
 */
export function explainConfig(
  sections: Sections,
  env: NodeJS.ProcessEnv,
  expand: Expand,
  name: string | undefined,
  defaults: TemplateDefaults,
): ExplainedSection[] {
  const global = sections.one('global')
  const aws = sections.one('aws')
  const chosen = name ?? global?.find('default_template')?.value
  const template = explainTemplate(sections, expand, chosen, defaults)
  return [
    ...(global ? [explainOne(global, expand)] : []),
    ...(aws ? [explainOne(withEnvironment(aws, env).section, expand)] : []),
    template,
    ...referredTo(sections, template).map((section) => explainOne(section, expand)),
  ]
}

function explainTemplate(
  sections: Sections,
  expand: Expand,
  name: string | undefined,
  defaults: TemplateDefaults,
): ExplainedSection {
  const chain = name === undefined ? [] : inheritance(sections.all('cluster'), name)
  const own = chain[0]
  const find = (setting: string): Found | undefined => {
    const section = chain.find((ancestor) => ancestor.find(setting))
    return section && { section, setting: section.find(setting)! }
  }
  const settings = Object.entries(CLUSTER).map(([setting, kind]) => {
    const explained = explainSetting(setting, kind, find(setting), expand, regionDefaults(defaults)[setting])
    const from = find(setting)?.section
    return from && from !== own ? { ...explained, inheritedFrom: from.name } : explained
  })
  return { label: own?.label ?? 'the built-in template', ...(own ? { place: own.place } : {}), settings }
}

/** Sections that the template names and that exist. */
function referredTo(sections: Sections, template: ExplainedSection): Section[] {
  const names = (setting: string) =>
    [template.settings.find(({ name }) => name === setting)?.value ?? []].flat() as string[]
  const kinds: [NamedKind, string][] = [
    ['key', 'keyname'],
    ['volume', 'volumes'],
    ['permission', 'permissions'],
    ['plugin', 'plugins'],
  ]
  return kinds.flatMap(([kind, setting]) => names(setting).flatMap((name) => sections.all(kind).get(name) ?? []))
}

function explainOne(section: Section, expand: Expand): ExplainedSection {
  const schema: SectionSchema = section.kind.schema
  const find = (name: string): Found | undefined => {
    const setting = section.find(name)
    return setting && { section, setting }
  }
  const known = Object.entries(schema).map(([name, setting]) => explainSetting(name, setting, find(name), expand))
  return { label: section.label, place: section.place, settings: [...known, ...pluginArguments(section)] }
}

/** As they are written: what they mean is for the plugin to say. */
function pluginArguments(section: Section): ExplainedSetting[] {
  if (section.kind.id !== 'plugin') return []
  const own = [...section.settings.values()].filter(({ name }) => !(name in PLUGIN))
  return own.map((setting) => ({
    name: setting.name,
    value: looksSecret(setting.name) ? HIDDEN : setting.value,
    source: 'file',
    place: placeOf(setting),
  }))
}

function explainSetting(
  name: string,
  setting: Setting,
  found: Found | undefined,
  expand: Expand,
  ofRegion?: unknown,
): ExplainedSetting {
  const read = found ? readOne(name, setting, found, expand) : {}
  if (found && ('problem' in read || read.value !== undefined)) {
    // A value of the environment has no line.
    const source = found.setting.line > 0 ? 'file' : 'environment'
    const at = { name, source, place: placeOf(found.setting) } as const
    if ('problem' in read) return { ...at, problem: read.problem }
    return { ...at, value: setting.secret ? HIDDEN : read.value }
  }
  if (ofRegion !== undefined) return { name, value: ofRegion, source: 'default of the region' }
  return setting.default === undefined
    ? { name, source: 'not set' }
    : { name, value: setting.default, source: 'default' }
}
