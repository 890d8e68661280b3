import type { SettingType } from './setting-type.js'

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
    case 'boolean': {
      const value = booleans[raw.trim().toLowerCase()]
      return value === undefined ? { problem: 'is no yes or no (true, false, yes, no, on, off, 1, 0)' } : { value }
    }
    case 'number':
      return isNumber(raw) ? { value: Number(raw) } : { problem: 'is no number' }
    case 'list':
      return { value: listItems(raw) }
    case 'numbers': {
      const items = listItems(raw)
      const wrong = items.find((item) => !isNumber(item))
      return wrong === undefined
        ? { value: items.map(Number) }
        : { problem: `has ${JSON.stringify(wrong)}, which is no number` }
    }
    case 'choice':
      return type.choices.includes(raw.trim())
        ? { value: raw.trim() }
        : { problem: `is none of ${type.choices.join(', ')}` }
  }
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}

/** Items between commas, without the blanks around them; a list may go on over several lines. */
function listItems(raw: string): string[] {
  return raw
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
