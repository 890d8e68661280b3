import type { Setting } from './schema.js'
import type { SettingType } from './setting-types.js'

/** `list`, `integer`, `bash or zsh`: the type of a setting as people read it. */
export function describeType(setting: Setting): string {
  return setting.choices ? setting.choices.join(', ') : TYPE_WORDS[setting.type]
}

/** The default as it would be written in the file; undefined when there is none. */
export function describeDefault(setting: Setting): string | undefined {
  if (setting.default === undefined) return undefined
  if (Array.isArray(setting.default)) return setting.default.join(', ') || 'empty'
  if (typeof setting.default === 'object') return 'empty'
  return String(setting.default)
}

const TYPE_WORDS: Record<SettingType, string> = {
  string: 'text',
  int: 'integer',
  float: 'number',
  bool: 'true or false',
  list: 'list',
  path: 'path',
  paths: 'list of paths',
  duration: 'time',
  tags: 'list of key=value',
}
