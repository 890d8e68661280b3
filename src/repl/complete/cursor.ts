/** What surrounds an unfinished text in quotes at the end of a line. */
export interface StringPlace {
  /** What was typed of it, without the quote. */
  readonly typed: string
  readonly quote: string
  /** The call it is an argument of: `cm.runPlugin`; undefined when there is none, or it is no plain name. */
  readonly callee: string | undefined
  /** Number of the argument, from 0; in an object or list the one that is in. */
  readonly argument: number
  /** Texts of the arguments before it, undefined for those that are no plain texts. */
  readonly before: readonly (string | undefined)[]
  /** The member of an object it is the value of, or of a list that is: `ImageIds`. */
  readonly key: string | undefined
}

interface Open {
  readonly bracket: string
  readonly at: number
  /** Where the element begins that is being typed, and those before it. */
  starts: number[]
}

const closing: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** What surrounds the name of a member that is being typed in an object that is an argument of a call. */
export interface KeyPlace {
  /** What was typed of it. */
  readonly typed: string
  /** The call: `cm.startCluster`. */
  readonly callee: string
  /** Names of the members before it. */
  readonly given: readonly string[]
}

/** The text in quotes that a line ends in; undefined when it ends outside of quotes. */
export function stringAtEnd(line: string): StringPlace | undefined {
  const { open, quoteAt } = scan(line)
  return quoteAt === undefined ? undefined : placeOf(line, quoteAt, open)
}

/** The member's name that a line ends in, as in `cm.startCluster('x', { cl`; undefined when it ends in none. */
export function keyAtEnd(line: string): KeyPlace | undefined {
  const { open, quoteAt } = scan(line)
  const [call, object] = open.slice(-2)
  if (quoteAt !== undefined || call?.bracket !== '(' || object?.bracket !== '{') return undefined
  const callee = calleeBefore(line.slice(0, call.at))
  const members = object.starts.map((start, n) => line.slice(start, (object.starts[n + 1] ?? line.length + 1) - 1))
  const typed = /^\s*([\w$]*)$/.exec(members.pop() ?? '')?.[1]
  if (callee === undefined || typed === undefined) return undefined
  return { typed, callee, given: members.flatMap((member) => /^\s*['"]?([\w$]+)/.exec(member)?.[1] ?? []) }
}

/** The brackets that are open at the end of a line, and the quote when it ends in a text. */
function scan(line: string): { readonly open: readonly Open[]; readonly quoteAt?: number } {
  const open: Open[] = []
  let i = 0
  while (i < line.length) {
    const char = line[i]!
    if (char === '"' || char === "'" || char === '`') {
      const end = endOfString(line, i)
      if (end === undefined) return { open, quoteAt: i }
      i = end
    } else if (char === '/' && line[i + 1] === '/') return { open: [] }
    else if ('([{'.includes(char)) open.push({ bracket: char, at: i, starts: [i + 1] })
    else if (char in closing) {
      if (open.at(-1)?.bracket === closing[char]) open.pop()
    } else if (char === ',') open.at(-1)?.starts.push(i + 1)
    i++
  }
  return { open }
}

/** Position of the closing quote. */
function endOfString(line: string, start: number): number | undefined {
  for (let i = start + 1; i < line.length; i++) {
    if (line[i] === '\\') i++
    else if (line[i] === line[start]) return i
  }
  return undefined
}

function placeOf(line: string, quoteAt: number, open: readonly Open[]): StringPlace {
  const around = [...open]
  const inList = around.at(-1)?.bracket === '['
  const list = inList ? around.pop() : undefined
  const until = list?.at ?? quoteAt
  const inObject = around.at(-1)?.bracket === '{'
  const object = inObject ? around.at(-1) : undefined
  const key = object && /^\s*['"]?([\w$]+)['"]?\s*:\s*$/.exec(line.slice(object.starts.at(-1), until))?.[1]
  const call = around.findLast(({ bracket }) => bracket === '(')
  const starts = call?.starts ?? []
  return {
    typed: line.slice(quoteAt + 1),
    quote: line[quoteAt]!,
    callee: call && calleeBefore(line.slice(0, call.at)),
    argument: Math.max(0, starts.length - 1),
    before: starts.slice(0, -1).map((start, n) => plainText(line.slice(start, starts[n + 1]! - 1))),
    key: key || undefined,
  }
}

function calleeBefore(text: string): string | undefined {
  return /((?:[\p{L}_$][\p{L}\p{N}_$]*(?:\[\d+\])?\??\.)*[\p{L}_$][\p{L}\p{N}_$]*)\s*$/u.exec(text)?.[1]
}

function plainText(argument: string): string | undefined {
  return /^\s*(['"`])([^'"`\\$]*)\1\s*$/.exec(argument)?.[2]
}
