import type { RawSetting } from './dialect.js'
import { AWS_INFO } from './schema.js'
import { Section } from './section.js'

/**
 * Lets the environment override the settings of an `[aws info]` section that exists, by their names in upper or else
 * lower case. The environment alone never makes such a section, so it never selects AWS.
 */
export function withEnvironment(
  section: Section,
  env: NodeJS.ProcessEnv,
): { readonly section: Section; readonly warnings: readonly string[] } {
  const merged = new Section(section.kind, section.name, section.place, new Map())
  const used: string[] = []
  // A session token belongs to its access key: those of the file and of the environment are never mixed.
  const keysOfEnvironment = env.AWS_ACCESS_KEY_ID !== undefined && env.AWS_SECRET_ACCESS_KEY !== undefined
  for (const name of Object.keys(AWS_INFO)) {
    const variable = [name.toUpperCase(), name].find((candidate) => env[candidate] !== undefined)
    const isToken = name === 'aws_session_token'
    const written = isToken && keysOfEnvironment ? undefined : section.find(name)
    if (written) merged.settings.set(name, written)
    if (variable === undefined || (isToken && !keysOfEnvironment)) continue
    const value = env[variable] as string
    if (value !== written?.value) used.push(variable)
    merged.settings.set(name, fromEnvironment(name, variable, value))
  }
  // The values stay out of it: some are secrets.
  const warnings = used.length > 0 ? [`${used.join(', ')} of the environment counts over ${section.label}`] : []
  return { section: merged, warnings }
}

function fromEnvironment(name: string, variable: string, value: string): RawSetting {
  return { name, value, file: `environment variable ${variable}`, line: 0, literal: true }
}
