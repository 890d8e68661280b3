import type { Filter } from '@aws-sdk/client-ec2'
import { AwsError, missingParameter } from '../protocol/aws-error.js'

/** What a resource has under a filter's name; several values: one match is enough. */
type FilterValue = string | number | boolean | undefined | readonly (string | number | undefined)[]
export type FilterTable<T> = Readonly<Record<string, (resource: T) => FilterValue>>

/** Most values one filter may list. Source: EC2 User Guide, "Filter your resources". */
const MAX_VALUES = 200

/**
 * A predicate for EC2's filters: all filters must match, any of a filter's values does, `*` and `?` are wildcards unless
 * written after a backslash; letter case counts. Source: EC2 User Guide, "List and filter using the CLI and API".
 *
 * @param tagsOf gives `tag:KEY`, `tag-key` and `tag-value` their meaning
 * @throws AwsError InvalidParameterValue for a filter that the action does not have
 */
export function filterBy<T>(
  filters: readonly Filter[] | undefined,
  table: FilterTable<T>,
  tagsOf?: (resource: T) => Readonly<Record<string, string>>,
): (resource: T) => boolean {
  const tests = (filters ?? []).map((filter) => {
    if (filter.Name === undefined) throw missingParameter('Filter.Name')
    const value = valueGetter(filter.Name, table, tagsOf)
    const matches = matcher(filter)
    return (resource: T) => someValue(value(resource), matches)
  })
  return (resource) => tests.every((test) => test(resource))
}

function valueGetter<T>(
  name: string,
  table: FilterTable<T>,
  tagsOf: ((resource: T) => Readonly<Record<string, string>>) | undefined,
): (resource: T) => FilterValue {
  const listed = Object.hasOwn(table, name) ? table[name] : undefined
  if (listed) return listed
  if (tagsOf) {
    if (name.startsWith('tag:')) return (resource) => ownValue(tagsOf(resource), name.slice(4))
    if (name === 'tag-key') return (resource) => Object.keys(tagsOf(resource))
    if (name === 'tag-value') return (resource) => Object.values(tagsOf(resource))
  }
  throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`)
}

const ownValue = (record: Readonly<Record<string, string>>, key: string) =>
  Object.hasOwn(record, key) ? record[key] : undefined

function someValue(value: FilterValue, matches: (text: string) => boolean): boolean {
  if (value === undefined) return false
  if (typeof value !== 'object') return matches(String(value))
  return value.some((one) => one !== undefined && matches(String(one)))
}

function matcher(filter: Filter): (text: string) => boolean {
  const values = filter.Values ?? []
  if (values.length === 0) throw missingParameter(`Filter.${filter.Name}.Value`)
  if (values.length > MAX_VALUES) {
    const message = `The maximum number of filter values specified on a single call is ${MAX_VALUES}`
    throw new AwsError('FilterLimitExceeded', message)
  }
  const plain = new Set(values.filter((value) => !/[*?\\]/.test(value)))
  const patterns = values.filter((value) => !plain.has(value)).map(wildcard)
  return (text) => plain.has(text) || patterns.some((pattern) => pattern(text))
}

/** No regular expression: a pattern such as `*a*a*a*b` must not hang the daemon. At most text times pattern steps. */
export function wildcard(pattern: string): (text: string) => boolean {
  const parts = patternParts(pattern)
  return (text) => {
    const characters = [...text]
    let at = 0
    let part = 0
    let star = -1
    let starAt = 0
    while (at < characters.length) {
      const wanted = parts[part]
      if (wanted === ANY_RUN) {
        star = part++
        starAt = at
      } else if (wanted !== undefined && (wanted === ANY_ONE || wanted === characters[at])) {
        part++
        at++
      } else if (star >= 0) {
        part = star + 1
        at = ++starAt
      } else return false
    }
    while (parts[part] === ANY_RUN) part++
    return part === parts.length
  }
}

const ANY_RUN = Symbol('*')
const ANY_ONE = Symbol('?')

function patternParts(pattern: string): (string | symbol)[] {
  const parts: (string | symbol)[] = []
  const characters = [...pattern]
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] as string
    if (character === '\\' && index + 1 < characters.length) parts.push(characters[++index] as string)
    else parts.push(character === '*' ? ANY_RUN : character === '?' ? ANY_ONE : character)
  }
  return parts
}
