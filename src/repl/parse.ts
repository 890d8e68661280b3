import { parseSync } from 'oxc-parser'
import { transformSync } from 'oxc-transform'

/** A node of the ESTree the parser returns; offsets are UTF-16 positions in the source. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

export interface ParsedInput {
  /** JavaScript: the input itself, or what is left of it without its types. */
  readonly text: string
  readonly statements: readonly SyntaxNode[]
}

/** The input is the beginning of something valid: ask for another line. */
export class IncompleteInput extends Error {
  override readonly name = 'IncompleteInput'
}

/**
 * Parses one input of the shell, TypeScript or JavaScript.
 * TypeScript is tried first and always: `new Foo<number>(3)` is also valid JavaScript, with another meaning.
 *
 * @throws IncompleteInput when more lines may complete it, SyntaxError with the place marked otherwise
 */
export function parseInput(source: string): ParsedInput {
  if (startsWithBrace(source)) {
    // `{ a: 1 }` at a prompt is an object, as in Node's shell; a block only when it cannot be one.
    const object = attempt(`(${source.trimEnd()}\n)`)
    if (object.ok) return withoutTypes(object)
    const asObject = attempt(`(${source}`)
    if (!asObject.ok && asObject.incomplete && !attempt(source).ok) throw new IncompleteInput()
  }
  const parsed = attempt(source)
  if (parsed.ok) return withoutTypes(parsed)
  if (parsed.incomplete) throw new IncompleteInput()
  throw parsed.error
}

type Attempt =
  | { ok: true; source: string; statements: readonly SyntaxNode[] }
  | { ok: false; incomplete: boolean; error: SyntaxError }

function attempt(source: string): Attempt {
  const { program, errors } = parseSync('shell.ts', source, { lang: 'ts', sourceType: 'module' })
  const first = errors[0]
  if (!first) return { ok: true, source, statements: program.body as unknown as SyntaxNode[] }
  const place = first.labels[0]?.start ?? 0
  return {
    ok: false,
    incomplete: isIncomplete(source, place, first.message),
    error: marked(source, place, first.message),
  }
}

/** The parser reached the end while something was still open. */
function isIncomplete(source: string, place: number, message: string): boolean {
  if (message.startsWith('Unterminated multiline comment')) return true
  if (message.startsWith('Unterminated') && source[place] === '`') return true
  if (message.startsWith('Unterminated string')) return /\\\r?\n?$/.test(source)
  return place >= source.trimEnd().length && !message.startsWith('Unterminated')
}

function marked(source: string, place: number, message: string): SyntaxError {
  const before = source.slice(0, place)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = source.slice(lineStart).split('\n', 1)[0] ?? ''
  const error = new SyntaxError(`${message}\n  ${line}\n  ${' '.repeat(place - lineStart)}^`)
  error.stack = `SyntaxError: ${error.message}` // our own frames would say nothing of the line
  return error
}

function startsWithBrace(source: string): boolean {
  return /^\s*\{/.test(source) && !/;\s*$/.test(source)
}

function withoutTypes({ source, statements }: { source: string; statements: readonly SyntaxNode[] }): ParsedInput {
  if (!hasTypes(statements)) return { text: source, statements }
  const { code, errors } = transformSync('shell.ts', source, {
    lang: 'ts',
    sourceType: 'module',
    // An import that only the next line uses must stay.
    typescript: { onlyRemoveTypeImports: true },
  })
  const first = errors[0]
  if (first) throw marked(source, first.labels[0]?.start ?? 0, first.message)
  const { program } = parseSync('shell.js', code, { lang: 'js', sourceType: 'module' })
  return { text: code, statements: program.body as unknown as SyntaxNode[] }
}

const typeOnlyFlags = ['declare', 'abstract', 'accessibility', 'readonly', 'override', 'definite'] as const

function hasTypes(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasTypes)
  if (!isNode(value)) return false
  if (value.type.startsWith('TS')) return true
  if (typeOnlyFlags.some((flag) => value[flag])) return true
  if (value.type !== 'ChainExpression' && value.type !== 'MemberExpression' && value.type !== 'CallExpression') {
    if (value.optional === true) return true // `a?: T`; `a?.b` is JavaScript
  }
  if (value.importKind === 'type' || value.exportKind === 'type') return true
  return children(value).some(hasTypes)
}

/** The direct syntactic children of a node, in no particular order. */
export function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = []
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) found.push(...value.filter(isNode))
    else if (isNode(value)) found.push(value)
  }
  return found
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string'
}
