/**
 * A short name for many nodes: `['master', 'node001', 'node002']` is `master,node[001-002]`.
 * Inside the brackets a range's first number says how many digits its numbers have at least.
 */
export function foldNodeNames(names: Iterable<string>): string {
  const groups = new Map<string, Group>()
  for (const name of new Set(names)) {
    // the last run of digits counts; longer ones would not fit a number
    const [, prefix = name, digits = '', suffix = ''] = /^(.*?)(\d{1,15})(\D*)$/s.exec(name) ?? []
    const key = digits === '' ? name : `${prefix}\0${suffix}`
    const group = groups.get(key) ?? { prefix, suffix, digits: [] }
    if (digits !== '') group.digits.push(digits)
    groups.set(key, group)
  }
  return Array.from(groups.values(), foldGroup).join(',')
}

/** More names than any cluster has: a slip of the keyboard. */
const MOST_NAMES = 100_000

/**
 * The inverse of `foldNodeNames`; also for lists that a person wrote, with blanks around commas and several ranges in a
 * name (`rack[1-2]-node[01-10]`). @throws SyntaxError saying what is wrong with the text
 */
export function unfoldNodeNames(folded: string): string[] {
  // commas inside brackets belong to the ranges
  const parts = folded.split(/,(?![^[\]]*\])/).map((part) => part.trim())
  return parts.filter((part) => part !== '').flatMap(unfoldName)
}

function unfoldName(text: string): string[] {
  const [, prefix = '', ranges, rest = ''] = /^([^[\]]*)\[([^[\]]*)\](.*)$/s.exec(text) ?? []
  if (ranges === undefined) {
    if (/[[\]]/.test(text)) throw new SyntaxError(`${text}: a bracket has no partner`)
    return [text]
  }
  const numbers = ranges.split(',').flatMap(unfoldRange)
  const ends = unfoldName(rest)
  if (numbers.length * ends.length > MOST_NAMES) throw new SyntaxError(`${text}: these are too many names`)
  return numbers.flatMap((digits) => ends.map((end) => prefix + digits + end))
}

/** Output of many nodes, each text once: `node[001-015]: ok`. Texts of several lines stand indented below their nodes. */
export function foldOutputs(outputs: ReadonlyMap<string, string>): string {
  const aliases = new Map<string, string[]>()
  for (const [alias, output] of outputs) {
    const text = output.trimEnd()
    aliases.set(text, [...(aliases.get(text) ?? []), alias])
  }
  return Array.from(aliases, ([text, who]) => {
    const separator = text.includes('\n') ? '\n  ' : ' '
    return `${foldNodeNames(who)}:${text === '' ? '' : separator + text.replaceAll('\n', '\n  ')}`
  }).join('\n')
}

interface Group {
  readonly prefix: string
  readonly suffix: string
  readonly digits: string[]
}

function foldGroup({ prefix, suffix, digits }: Group): string {
  if (digits.length === 0) return prefix + suffix
  const ranges = foldDigits(digits)
  const single = ranges.length === 1 && !ranges[0]?.includes('-')
  return `${prefix}${single ? ranges[0] : `[${ranges.join(',')}]`}${suffix}`
}

function foldDigits(digits: readonly string[]): string[] {
  const sorted = [...digits].sort((a, b) => Number(a) - Number(b) || a.length - b.length)
  const ranges: { first: string; last: string }[] = []
  for (const next of sorted) {
    const range = ranges.at(-1)
    if (range && padded(Number(range.last) + 1, range.first) === next) range.last = next
    else ranges.push({ first: next, last: next })
  }
  return ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`))
}

function unfoldRange(range: string): string[] {
  const [, first = '', last = first] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(range.trim()) ?? []
  if (first === '') throw new SyntaxError(`[${range}] is no number and no range such as 001-003`)
  const count = Number(last) - Number(first) + 1
  if (count < 1) throw new SyntaxError(`${range} ends before it begins`)
  if (count > MOST_NAMES) throw new SyntaxError(`${range}: these are too many names`)
  return Array.from({ length: count }, (_, index) => padded(Number(first) + index, first))
}

function padded(value: number, like: string): string {
  return String(value).padStart(like.length, '0')
}
