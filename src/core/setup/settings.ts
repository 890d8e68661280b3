import { didYouMean } from '../nearest.js'
import type { PluginSection } from './find-plugin.js'
import type { Parameter, Setting } from './parameters.js'
import { PluginError } from './plugin-errors.js'
import { comparable, configSpelling, looksSecret } from './setting-names.js'
import { parseSetting } from './setting-value.js'

/**
 * The arguments for a constructor, from the settings of a plugin's section. Settings left out are undefined, so that
 * defaults apply.
 * @throws PluginError naming every setting that is missing, unknown, given twice or not of its type
 */
export function constructorArguments(
  section: PluginSection,
  className: string,
  parameters: readonly Parameter[],
): unknown[] {
  const known = parameters.flatMap((parameter) =>
    parameter.kind === 'value' ? [parameter.setting] : parameter.settings,
  )
  const problems: string[] = []
  const given = givenSettings(section, known, problems)
  const parsedValue = (setting: Setting): unknown => {
    const found = given.get(comparable(setting.name))
    if (!found) {
      if (setting.required) problems.push(`required setting ${configSpelling(setting.name)} is missing`)
      return setting.absent
    }
    const parsed = parseSetting(found.raw, setting.type)
    if ('value' in parsed) return parsed.value
    // What is wrong with a list quotes its item.
    const hidden = parsed.problem.includes('"') ? 'has an item that is not of its type' : parsed.problem
    problems.push(looksSecret(found.key) ? `${found.key} ${hidden}` : `${found.key} = ${found.raw} ${parsed.problem}`)
    return undefined
  }
  const values = parameters.map((parameter) => {
    if (parameter.kind === 'value') return parsedValue(parameter.setting)
    const entries = parameter.settings.map((setting) => [setting.name, parsedValue(setting)] as const)
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  })
  if (problems.length > 0) throw settingsError(section, problems, takes(className, known))
  return values
}

/** The settings of the section by comparable name, those the class does not know reported. */
function givenSettings(
  section: PluginSection,
  known: readonly Setting[],
  problems: string[],
): Map<string, { key: string; raw: string }> {
  const names = new Set(known.map(({ name }) => comparable(name)))
  const given = new Map<string, { key: string; raw: string }>()
  for (const [key, raw] of section.settings) {
    const name = comparable(key)
    const twice = given.get(name)
    if (!names.has(name))
      problems.push(
        unknownSetting(
          key,
          known.map((setting) => setting.name),
        ),
      )
    else if (twice) problems.push(`${twice.key} and ${key} are the same setting; keep one`)
    else given.set(name, { key, raw })
  }
  return given
}

/** `unknown setting pkgs (did you mean packages?)` */
export function unknownSetting(key: string, names: readonly string[]): string {
  return `unknown setting ${key}${didYouMean(key, names.map(configSpelling))}`
}

export function settingsError(
  section: PluginSection,
  problems: readonly string[],
  hint: string | undefined,
): PluginError {
  return new PluginError(`[plugin ${section.name}] ${problems.join('; ')}`, { hint })
}

function takes(className: string, known: readonly Setting[]): string {
  if (known.length === 0) return `${className} takes no settings`
  const list = known.map(({ name, required }) => configSpelling(name) + (required ? ' (required)' : ''))
  return `${className} takes: ${list.join(', ')}`
}
