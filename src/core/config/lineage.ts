import type { RawSetting } from './dialect.js'
import type { Section } from './section.js'

/** A template and its ancestors, nearest first; ends where a parent is missing or the chain turns in a circle. */
export function lineage(section: Section, templates: ReadonlyMap<string, Section>): Section[] {
  const chain: Section[] = []
  for (let next: Section | undefined = section; next && !chain.includes(next); ) {
    chain.push(next)
    next = templates.get(next.settings.get('extends')?.value ?? '')
  }
  return chain
}

/** The setting as it is written in the section or its nearest ancestor that has it. */
export function inherited(
  name: string,
  section: Section,
  templates: ReadonlyMap<string, Section>,
): RawSetting | undefined {
  for (const ancestor of lineage(section, templates)) {
    const setting = ancestor.find(name)
    if (setting) return setting
  }
  return undefined
}
