import { didYouMean } from '../nearest.js'
import type { RawSection, RawSetting } from './dialect.js'
import { placeOf, Section } from './section.js'
import { classify, SECTION_KINDS, type SectionKind } from './section-kinds.js'

/** Kinds of which there is one section for each name. */
export type NamedKind = Exclude<SectionKind['id'], 'global' | 'aws'>

/** Every section of every file by kind and name, and what in them means nothing. */
export interface Sections {
  one(kind: 'global' | 'aws'): Section | undefined
  all(kind: NamedKind): ReadonlyMap<string, Section>
  readonly warnings: readonly string[]
}

export function collectSections(raws: readonly RawSection[]): Sections {
  const fallback = new Map(raws.filter(isDefault).flatMap((raw) => [...raw.settings]))
  const byKind = new Map(SECTION_KINDS.map((kind) => [kind.id, new Map<string, Section>()]))
  const warnings: string[] = []
  for (const raw of raws) {
    if (isDefault(raw)) continue
    const found = classify(raw.header)
    if (!found.kind) {
      warnings.push(`${raw.file}:${raw.line}: [${raw.header}] is ignored: ${found.problem}`)
      continue
    }
    const sections = byKind.get(found.kind.id) as Map<string, Section>
    const section = sections.get(found.name) ?? new Section(found.kind, found.name, `${raw.file}:${raw.line}`, fallback)
    sections.set(found.name, section)
    for (const [name, setting] of raw.settings) section.settings.set(name, setting)
    warnings.push(...unknownSettings(section, raw.settings.values()))
  }
  return {
    one: (kind) => byKind.get(kind)?.get(''),
    all: (kind) => byKind.get(kind) ?? new Map(),
    warnings,
  }
}

function isDefault(raw: RawSection): boolean {
  return raw.header === 'DEFAULT'
}

/** A plugin's settings are its own business; its loader knows which exist. */
function unknownSettings(section: Section, settings: Iterable<RawSetting>): string[] {
  if (section.kind.id === 'plugin') return []
  return [...settings]
    .filter((setting) => !(setting.name in section.kind.schema))
    .map((setting) => {
      const elsewhere = SECTION_KINDS.find((kind) => setting.name in kind.schema)
      const hint = elsewhere ? belongsIn(elsewhere) : didYouMean(setting.name, Object.keys(section.kind.schema))
      return `${placeOf(setting)}: ${section.label} has no setting ${setting.name}; it is ignored${hint}`
    })
}

function belongsIn(kind: SectionKind): string {
  return ` (it belongs in [${kind.header}])`
}
