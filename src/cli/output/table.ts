/** A column of a table. */
export interface Column {
  readonly title: string
  /** Numbers stand at the right. */
  readonly right?: boolean
  /** May be narrowed: its text goes on in the next line. */
  readonly wraps?: boolean
}

const GAP = '  '
/** Narrower, text is harder to read in a column than in a block of its own. */
const NARROWEST = 12

/**
 * Aligned columns in at most `width` characters a line, the widest of those that may wrap narrowed first.
 * @returns the lines, the title's first; undefined when they do not fit
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] | undefined {
  const widths = fittingWidths(columns, rows, width)
  if (!widths) return undefined
  const titles = columns.map(({ title }) => title)
  return [titles, ...rows].flatMap((cells) => rowLines(columns, cells, widths))
}

function fittingWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] | undefined {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => lengthOf(row[at] ?? ''))))
  const total = () => widths.reduce((sum, one) => sum + one, GAP.length * (columns.length - 1))
  while (total() > width) {
    const widest = columns
      .map(({ wraps, title }, at) => ({ at, room: wraps ? widths[at]! - Math.max(NARROWEST, title.length) : 0 }))
      .reduce((a, b) => (b.room > a.room ? b : a))
    if (widest.room <= 0) return undefined
    widths[widest.at]! -= Math.min(widest.room, total() - width)
  }
  return widths
}

function rowLines(columns: readonly Column[], cells: readonly string[], widths: readonly number[]): string[] {
  const parts = columns.map(({ wraps }, at) => (wraps ? broken(cells[at] ?? '', widths[at]!) : [cells[at] ?? '']))
  const height = Math.max(...parts.map(({ length }) => length))
  return Array.from({ length: height }, (_, line) =>
    columns
      .map(({ right }, at) => pad(parts[at]![line] ?? '', widths[at]!, right === true))
      .join(GAP)
      .trimEnd(),
  )
}

/** Pieces of at most `width` characters, broken after blanks, commas, slashes and dashes, else anywhere. */
export function broken(text: string, width: number): string[] {
  const pieces: string[] = []
  let current = ''
  for (const word of text.split(/(?<=[\s,/-])/)) {
    if (lengthOf(current + word.trimEnd()) <= width) {
      current += word
      continue
    }
    if (current !== '') pieces.push(current.trimEnd())
    const letters = [...word]
    while (letters.length > width) pieces.push(letters.splice(0, width).join(''))
    current = letters.join('')
  }
  return current === '' && pieces.length > 0 ? pieces : [...pieces, current.trimEnd()]
}

const lengthOf = (text: string) => [...text].length

function pad(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - lengthOf(text)))
  return right ? blanks + text : text + blanks
}
