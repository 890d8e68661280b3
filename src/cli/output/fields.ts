import { dollars, harmless, localTime } from './cell.js'

/** A JSON value's kind, and how text shows it. */
export type FieldType = 'string' | 'number' | 'boolean' | 'time' | 'gib' | 'dollars' | 'strings' | 'tags' | 'list'

/** One fact of an item: its place in JSON, in a table and in a block. */
export interface Field<T> {
  readonly type: FieldType
  /** What it means and in which unit: the description in the JSON schema. */
  readonly doc: string
  /** undefined: there is none; `null` in JSON. */
  readonly of: (item: T) => unknown
  /** Of its column; fields without one are in blocks and JSON only. */
  readonly column?: string
  /** The column may be narrowed, its text going on in the next line. Ids and numbers may not. */
  readonly wraps?: boolean
  /** The column is left out where the terminal is too narrow for all. */
  readonly extra?: boolean
  /** Of a list's items. */
  readonly fields?: Fields<never>
}

/** Facts of an item by their key in JSON, in order: the one description of a listing's JSON, table and blocks. */
export type Fields<T> = Readonly<Record<string, Field<T>>>

type Look = Pick<Field<never>, 'column' | 'wraps' | 'extra'>

const field =
  <V>(type: FieldType) =>
  <T>(doc: string, of: (item: T) => V | undefined, look: Look = {}): Field<T> => ({ type, doc, of, ...look })

export const text = field<string>('string')
export const number = field<number>('number')
export const flag = field<boolean>('boolean')
export const time = field<Date>('time')
/** A size in GiB. */
export const gib = field<number>('gib')
/** A price in US dollars an hour. */
export const dollarsAnHour = field<number>('dollars')
export const texts = field<readonly string[]>('strings')
export const tags = field<Readonly<Record<string, string>>>('tags')

/** Facts that have facts themselves; in JSON only. */
export function list<T, I>(doc: string, of: (item: T) => readonly I[], fields: Fields<I>): Field<T> {
  return { type: 'list', doc, of, fields: fields as Fields<never> }
}

/** An item as JSON: every key is always there, `null` where there is nothing. */
export function toJson<T>(fields: Fields<T>, item: T): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, jsonValue(one, item)]))
}

function jsonValue<T>({ of, fields }: Field<T>, item: T): unknown {
  const value = of(item)
  if (value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  return fields ? (value as never[]).map((one) => toJson(fields, one)) : value
}

/** A fact as a person reads it; '' where there is nothing. */
export function toText<T>({ type, of }: Field<T>, item: T): string {
  const value = of(item)
  if (value === undefined) return ''
  switch (type) {
    case 'time':
      return localTime(value as Date)
    case 'gib':
      return `${value} GiB`
    case 'dollars':
      return dollars(value as number)
    case 'boolean':
      return value ? 'yes' : 'no'
    case 'strings':
      return harmless((value as string[]).join(', '))
    case 'tags':
      return harmless(
        Object.entries(value as Record<string, string>)
          .map(([key, of]) => `${key}=${of}`)
          .join(', '),
      )
    case 'list':
      return String((value as unknown[]).length)
    default:
      return harmless(String(value))
  }
}

export const isNumeric = ({ type }: Pick<Field<never>, 'type'>): boolean => ['number', 'gib', 'dollars'].includes(type)
