import { didYouMean } from '../nearest.js'
import type { RawSetting } from './dialect.js'
import { camelCase, type SectionSchema, type Setting, type SettingsOf } from './schema.js'
import { placeOf, type Section } from './section.js'
import { EXPECTED, parseValue } from './setting-types.js'

/** A setting and the section it was written in: with `extends` not always the one that is read. */
export interface Found {
  readonly section: Section
  readonly setting: RawSetting
}

export interface ReadOptions {
  /** For the messages: `[cluster c1]`, and where it stands. */
  readonly label: string
  readonly place: string
  readonly find: (name: string) => Found | undefined
  /** Replaces `~` and variables in paths. */
  readonly expand: (path: string) => string
  /** Values that count where the section has none, before the schema's own defaults. */
  readonly defaults?: Readonly<Record<string, unknown>>
}

/** Typed values of a section, or all that is wrong with it, one line for each problem. */
export type ReadResult<S extends SectionSchema> =
  | { readonly values: SettingsOf<S>; readonly problems: readonly [] }
  | { readonly values: undefined; readonly problems: readonly string[] }

export function readSettings<S extends SectionSchema>(schema: S, options: ReadOptions): ReadResult<S> {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, setting] of Object.entries(schema)) {
    const found = options.find(name)
    const read = found ? readOne(name, setting, found, options.expand) : {}
    if ('problem' in read) {
      problems.push(read.problem)
      continue
    }
    const value = read.value ?? options.defaults?.[name] ?? setting.default
    if (value !== undefined) values[camelCase(name)] = value
    else if (setting.required) problems.push(`${options.place}: ${options.label} needs the setting ${name}`)
  }
  if (problems.length > 0) return { values: undefined, problems }
  return { values: values as SettingsOf<S>, problems: [] }
}

/** One setting typed, or what is wrong with it. A text left empty (`CLUSTER_USER =`) counts as left out. */
export function readOne(
  name: string,
  setting: Setting,
  found: Found,
  expand: (path: string) => string,
): { readonly value?: unknown } | { readonly problem: string } {
  const at = `${placeOf(found.setting)}: ${found.section.label} ${name}`
  const read = found.section.textOf(found.setting)
  if ('problem' in read) return { problem: `${at}: ${read.problem}` }
  const { text } = read
  if (text === '' && (setting.type === 'string' || setting.type === 'path')) return {}
  const shown = setting.secret ? '' : ` = ${text}`
  const value = parseValue(setting.type, text, expand)
  if (value === undefined) return { problem: `${at}${shown}: expected ${EXPECTED[setting.type]}` }
  if (setting.choices && !setting.choices.includes(text)) {
    const choices = setting.choices.join(', ')
    return { problem: `${at}${shown}: expected one of ${choices}${didYouMean(text, setting.choices)}` }
  }
  return { value }
}

/** Reads a section by itself. */
export function readSection<S extends SectionSchema>(
  schema: S,
  section: Section,
  expand: (path: string) => string,
): ReadResult<S> {
  const find = (name: string): Found | undefined => {
    const setting = section.find(name)
    return setting && { section, setting }
  }
  return readSettings(schema, { label: section.label, place: section.place, find, expand })
}
