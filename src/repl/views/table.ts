import { styleText } from 'node:util'
import type { ShellLook as Look } from '../options.js'

export type { ShellLook as Look } from '../options.js'

/** A column: its heading and what it says of a row. Those that matter least come last: they go first when space is short. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => unknown]

const gap = '  '
const narrowest = 8
/** A column this wide is readable: others are left out before one is narrowed further. */
const narrow = 24
const mostRows = 100

/** Rows under headings, no wider than the terminal. Columns without any content are left out. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], look: Look): string {
  const shown = rows.slice(0, mostRows)
  const texts = columns
    .map(([heading, cell]) => ({ heading, cells: shown.map((row) => renderCell(cell(row))) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
  const fitting = fitTo(texts, look.columns)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => pad(cell, fitting[i]!.width))
      .join(gap)
      .trimEnd()
  const heading = line(fitting.map((column) => column.heading))
  const lines = shown.map((_, row) => line(fitting.map((column) => column.cells[row]!)))
  const more = rows.length > shown.length ? [`... and ${rows.length - shown.length} more`] : []
  return [look.color ? styleText('bold', heading) : heading, ...lines, ...more].join('\n')
}

/** Names and values below each other. */
export function renderFacts(facts: readonly (readonly [string, unknown])[], look: Look): string {
  const texts = facts.map(([name, value]) => [name, renderCell(value)] as const).filter(([, text]) => text !== '')
  const width = Math.max(0, ...texts.map(([name]) => name.length))
  return texts
    .map(([name, text]) => `  ${name.padEnd(width)}  ${cut(text, Math.max(20, look.columns - width - 4))}`)
    .join('\n')
}

export function renderCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (value instanceof Date) return renderTime(value)
  if (Array.isArray(value)) return value.map(renderCell).join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  // What AWS or a user named so shall not move the cursor.
  return String(value)
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '?')
}

/** Local time to the minute. */
export function renderTime(time: Date): string {
  return Number.isNaN(time.getTime()) ? '' : time.toLocaleString('sv-SE').slice(0, 16)
}

interface TextColumn {
  readonly heading: string
  readonly cells: readonly string[]
}

/** Widths that fit: the last columns are left out when even narrow ones do not, then the widest are narrowed. */
function fitTo(columns: readonly TextColumn[], available: number): (TextColumn & { width: number })[] {
  const sized = columns.map((c) => ({ ...c, width: Math.max(c.heading.length, ...c.cells.map((x) => x.length)) }))
  const excess = (most: number): number =>
    sized.reduce((sum, { width }) => sum + Math.min(width, most) + gap.length, -gap.length) - available
  while (sized.length > 2 && excess(narrow) > 0) sized.pop()
  for (const least of [narrow, narrowest]) {
    while (excess(Number.POSITIVE_INFINITY) > 0) {
      const widest = sized.reduce((a, b) => (b.width > a.width ? b : a))
      const floor = Math.max(least, widest.heading.length)
      if (widest.width <= floor) break
      widest.width = Math.max(floor, widest.width - excess(Number.POSITIVE_INFINITY))
    }
  }
  return sized
}

function pad(text: string, width: number): string {
  return cut(text, width).padEnd(width)
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`
}

/** Names, as many in a line as fit. */
export function renderWords(words: readonly string[], { columns }: Look): string {
  const lines = ['']
  for (const word of words) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)}  ${word}`
    if (longer.length > columns && lines.at(-1) !== '') lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines.join('\n')
}
