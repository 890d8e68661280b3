import ini from 'ini'
import { type Refuse, refuseByThrowing } from './errors.js'
import { type LogicalLine, logicalLines } from './logical-lines.js'

/** A setting as it is written, with the place to look for it. */
export interface RawSetting {
  /** Lower case: names of settings do not depend on case. */
  readonly name: string
  readonly value: string
  readonly file: string
  readonly line: number
  /** True when `%(x)s` in the value means itself. */
  readonly literal?: true
}

export interface RawSection {
  /** The text between the brackets. */
  readonly header: string
  readonly file: string
  readonly line: number
  readonly settings: ReadonlyMap<string, RawSetting>
}

export interface Dialect {
  readonly sections: readonly RawSection[]
  /** What is allowed but was hardly meant: a setting given twice, an indented setting. */
  readonly warnings: readonly string[]
}

/**
 * Reads the dialect of the original (that of Python's ConfigParser): comments after a blank only, continuation lines,
 * `name: value`, repeated sections. `ini` misreads these, so the text is brought into quoted form before `ini` parses it.
 */
export function readDialect(text: string, file: string, refuse: Refuse = refuseByThrowing): Dialect {
  const { lines, warnings } = logicalLines(text, file, refuse)
  const parsed = ini.parse(quoteForIni(lines)) as Record<string, Record<string, unknown>>
  const places = new Map<string, number>()
  for (const entry of lines) {
    // Of a section the first place counts, of a setting the last: its value is the one that is used.
    if (entry.name !== undefined || !places.has(placeKey(entry))) places.set(placeKey(entry), entry.line)
  }
  const sections = Object.entries(parsed).map(([quotedHeader, values]): RawSection => {
    const header = decodeName(quotedHeader)
    const settings = Object.entries(values).map(([quotedName, value]): [string, RawSetting] => {
      const name = decodeName(quotedName)
      const line = places.get(placeKey({ header, name })) ?? 0
      // ini turns the words true, false and null into values: back to what was written.
      return [name, { name, value: String(value), file, line }]
    })
    return { header, file, line: places.get(placeKey({ header })) ?? 0, settings: new Map(settings) }
  })
  return { sections, warnings }
}

/** The same settings in a form in which nothing has a second meaning to `ini`. */
export function quoteForIni(lines: readonly LogicalLine[]): string {
  const quoted = lines.map((entry) =>
    entry.name === undefined ? `[${encodeName(entry.header)}]` : `${encodeName(entry.name)}=${quoteValue(entry.value)}`,
  )
  return quoted.join('\n')
}

/** JSON, which `ini` undoes; the two line separators that JSON leaves alone would end its line. */
function quoteValue(value: string): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
}

/** Dots, brackets and `__proto__` mean something to `ini` even when they are quoted. */
function encodeName(name: string): string {
  return name.replace(/[^A-Za-z0-9 -]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function decodeName(encoded: string): string {
  return encoded.replace(/%([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function placeKey(entry: { header: string; name?: string | undefined }): string {
  return entry.name === undefined ? entry.header : `${entry.header}\n${entry.name}`
}
