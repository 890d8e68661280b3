import { readSection } from './read-settings.js'
import type { SectionSchema, SettingsOf } from './schema.js'
import type { Section } from './section.js'
import type { References } from './templates.js'

/** The sections of one kind: those that are right, and what is wrong with the others. */
export interface NamedSections<T> extends References {
  readonly values: ReadonlyMap<string, T>
}

export function readNamed<S extends SectionSchema>(
  kind: string,
  schema: S,
  sections: ReadonlyMap<string, Section>,
  expand: (path: string) => string,
): NamedSections<{ readonly name: string } & SettingsOf<S>> {
  const values = new Map<string, { readonly name: string } & SettingsOf<S>>()
  const problems = new Map<string, readonly string[]>()
  for (const [name, section] of sections) {
    const read = readSection(schema, section, expand)
    if (read.values) values.set(name, { name, ...read.values })
    else problems.set(name, read.problems)
  }
  return { kind, names: new Set(sections.keys()), values, problems }
}
