import { didYouMean } from '../nearest.js'
import { parseDuration } from './durations.js'
import { describeType, type SettingType } from './setting-type.js'

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
}

export type ParsedSetting = { readonly value: unknown } | { readonly problem: string }

/** The value a setting's text stands for, or what is wrong with it. */
export function parseSetting(raw: string, type: SettingType): ParsedSetting {
  switch (type.kind) {
    case 'text':
      return { value: raw }
    case 'boolean':
      return known(booleans[raw.trim().toLowerCase()], 'is no yes or no (true, false, yes, no, on, off, 1, 0)')
    case 'number':
      return known(parseNumber(raw), 'is no number')
    case 'duration': {
      const plain = `a number of ${type.name.toLowerCase()}`
      return known(
        parseDuration(raw, type.unitMs),
        `is no duration: write ${plain}, or 500ms, 90s, 1.5h, 1h30m, 2 days`,
      )
    }
    case 'choice': {
      const names = type.choices.map(String)
      const problem = `is none of ${names.join(', ')}${didYouMean(raw.trim(), names)}`
      return known(type.choices[names.indexOf(raw.trim())], problem)
    }
    case 'list':
      return parseItems(listItems(raw), type.of)
    case 'either': {
      const value = type.types.map((one) => parseSetting(raw, one)).find((parsed) => 'value' in parsed)
      return value ?? { problem: `is not ${describeType(type)}` }
    }
  }
}

function known(value: unknown, problem: string): ParsedSetting {
  return value === undefined ? { problem } : { value }
}

function parseNumber(text: string): number | undefined {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
}

function parseItems(items: readonly string[], of: SettingType): ParsedSetting {
  const values: unknown[] = []
  for (const item of items) {
    const parsed = parseSetting(item, of)
    if ('problem' in parsed) return { problem: `has ${JSON.stringify(item)}, which ${parsed.problem}` }
    values.push(parsed.value)
  }
  return { value: values }
}

/** An item in quotes, up to a comma or the end of the line; any other up to the next comma or the end of the line. */
const item = /[^\S\n]*(?:"([^"\n]*)"|'([^'\n]*)')[^\S\n]*(?=[,\n]|$)|([^,\n]+)/g

/** Items between commas, without the blanks around them; a list may go on over several lines, an item be quoted. */
function listItems(raw: string): string[] {
  return [...raw.matchAll(item)].flatMap(([, double, single, plain]) => double ?? single ?? (plain?.trim() || []))
}
