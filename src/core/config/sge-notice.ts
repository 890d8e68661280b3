import { inherited } from './lineage.js'
import type { Section } from './section.js'
import type { Sections } from './sections.js'

/**
 * The original set up Sun Grid Engine on every cluster unless `disable_queue` said no. A config written for it gets one
 * line that this is no longer so: a config with `[aws info]`, or a template that says `disable_queue = false`.
 */
export function sgeNotice(sections: Sections): string[] {
  const templates = sections.all('cluster')
  const forAws = sections.one('aws') !== undefined
  const implied = [...templates.values()].filter((section) => impliesSge(section, templates, forAws))
  if (implied.length === 0) return []
  const names = implied.map((section) => section.name).join(', ')
  return [`no queueing system is set up on clusters of ${names}: write queue = none in the template to drop this line`]
}

function impliesSge(section: Section, templates: ReadonlyMap<string, Section>, forAws: boolean): boolean {
  if (inherited('queue', section, templates) !== undefined) return false
  const disabled = inherited('disable_queue', section, templates)?.value
  return disabled === undefined ? forAws : /^(0|no|false|off)$/i.test(disabled.trim())
}
