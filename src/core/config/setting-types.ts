import { parseDuration } from '../setup/durations.js'

/** The types a setting can have, and how the text of the file becomes a value of that type. */
export interface SettingValues {
  string: string
  int: number
  float: number
  bool: boolean
  list: readonly string[]
  /** `~` and `$NAME` are expanded. */
  path: string
  paths: readonly string[]
  /** Seconds, more than none. */
  duration: number
  /** Tags of AWS by their keys. */
  tags: Readonly<Record<string, string>>
}

export type SettingType = keyof SettingValues

/** What a reader of the file is told to write. */
export const EXPECTED: Record<SettingType, string> = {
  string: 'text',
  int: 'an integer',
  float: 'a number',
  bool: 'true or false (also yes/no, on/off, 1/0)',
  list: 'names separated by commas',
  path: 'a path',
  paths: 'paths separated by commas',
  duration: 'a time such as 90s, 20m, 8h or 2d',
  tags: 'key=value pairs separated by commas, each key once',
}

/** The value, or undefined when the text is not of that type. `expand` is applied to paths. */
export function parseValue<T extends SettingType>(
  type: T,
  text: string,
  expand: (path: string) => string,
): SettingValues[T] | undefined {
  return PARSERS[type](text, expand)
}

type Parsers = { [T in SettingType]: (text: string, expand: (path: string) => string) => SettingValues[T] | undefined }

const PARSERS: Parsers = {
  string: (text) => text,
  int: (text) => (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  float: (text) => (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined),
  bool: (text) => BOOLEANS.get(text.toLowerCase()),
  list: splitList,
  path: (text, expand) => expand(text),
  paths: (text, expand) => splitList(text)?.map(expand),
  duration: (text) => parseDuration(text, 1000) || undefined,
  tags: parseTags,
}

const BOOLEANS = new Map([
  ...['1', 'yes', 'true', 'on'].map((word) => [word, true] as const),
  ...['0', 'no', 'false', 'off'].map((word) => [word, false] as const),
])

/** Items between commas or on lines of their own; an item of nothing (`a,,b` or `a,`) is a mistake. */
function splitList(text: string): string[] | undefined {
  if (text.trim() === '') return []
  const items = text.split(/\s*,\s*|\s*\n\s*/).map((item) => item.trim())
  return items.includes('') ? undefined : items
}

/** The value of a tag may be empty, its key may not. */
function parseTags(text: string): Record<string, string> | undefined {
  const pairs = splitList(text)?.map((item) => /^([^=]*?)\s*=\s*(.*)$/s.exec(item)?.slice(1) ?? [])
  if (!pairs?.every(([key]) => key)) return undefined
  const tags = new Map(pairs as [string, string][])
  return tags.size === pairs.length ? Object.fromEntries(tags) : undefined
}
