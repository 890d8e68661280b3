import { type Comment, parseSync } from 'oxc-parser'
import type { SyntaxNode } from '../parse.js'

/** What a source file says of one name: enough to show it to somebody who wants to use it. */
export interface Declaration {
  readonly name: string
  readonly kind: 'class' | 'interface' | 'type' | 'function' | 'value' | 'method' | 'property' | 'constructor'
  /** The declaration without its body, on one line. */
  readonly signature: string
  /** The comment above it, without its stars. */
  readonly doc: string
  /** The declaration as it is written. */
  readonly source: string
  /** Line it begins on, from 1. */
  readonly line: number
  readonly isPrivate: boolean
  readonly isStatic: boolean
  /** Name of the class or interface it extends, the first of several. */
  readonly base?: string
  readonly members: readonly Declaration[]
}

/** The top-level declarations of a TypeScript file. A file with mistakes has as many as the parser could make out. */
export function readDeclarations(text: string): Declaration[] {
  const { program, comments } = parseSync('source.ts', text, { lang: 'ts', sourceType: 'module' })
  const file = { text, comments }
  return (program.body as unknown as SyntaxNode[]).flatMap((statement) => {
    const exported = /^Export(Named|Default)Declaration$/.test(statement.type)
    const inner = (exported ? statement.declaration : statement) as SyntaxNode | null
    return inner ? declared(file, statement, inner) : []
  })
}

interface SourceFile {
  readonly text: string
  readonly comments: readonly Comment[]
}

/** @param whole the statement, with `export` */
function declared(file: SourceFile, whole: SyntaxNode, node: SyntaxNode): Declaration[] {
  const name = nameOf(node.id)
  const about = { name, isPrivate: false, isStatic: false, ...place(file, whole) }
  const bodied = (kind: 'class' | 'interface', list: readonly SyntaxNode[]): Declaration => ({
    ...about,
    kind,
    signature: line(file.text.slice(node.start, (node.body as SyntaxNode).start)),
    ...baseOf(node),
    members: list.flatMap((member) => memberOf(file, member)),
  })
  if (node.type === 'ClassDeclaration') return [bodied('class', (node.body as SyntaxNode).body as SyntaxNode[])]
  if (node.type === 'TSInterfaceDeclaration')
    return [bodied('interface', (node.body as SyntaxNode).body as SyntaxNode[])]
  if (node.type === 'TSTypeAliasDeclaration')
    return [{ ...about, kind: 'type', signature: line(text(file, node)), members: [] }]
  if (/^(TSDeclareFunction|FunctionDeclaration)$/.test(node.type))
    return [{ ...about, kind: 'function', signature: head(file, node, node), members: [] }]
  if (node.type !== 'VariableDeclaration') return []
  return (node.declarations as SyntaxNode[]).map((declarator) => ({
    ...about,
    name: nameOf(declarator.id),
    kind: 'value',
    signature: `const ${declaratorHead(file, declarator)}`,
    members: [],
  }))
}

function baseOf({ superClass, extends: interfaces }: SyntaxNode): { base?: string } {
  const [first] = (interfaces ?? []) as SyntaxNode[]
  const base = nameOf(superClass ?? first?.expression)
  return base === '' ? {} : { base }
}

function memberOf(file: SourceFile, node: SyntaxNode): Declaration[] {
  const key = node.key as SyntaxNode | undefined
  if (!key || node.computed === true) return []
  const name = key.type === 'PrivateIdentifier' ? `#${nameOf(key)}` : nameOf(key)
  const isPrivate = key.type === 'PrivateIdentifier' || /^(private|protected)$/.test(String(node.accessibility))
  const about = { name, isPrivate, isStatic: node.static === true, members: [], ...place(file, node) }
  const isMethod =
    node.type === 'TSMethodSignature' || (/MethodDefinition$/.test(node.type) && !/^[gs]et$/.test(String(node.kind)))
  const body = (node.value as SyntaxNode | null) ?? node
  const kind = node.kind === 'constructor' ? 'constructor' : isMethod ? 'method' : 'property'
  const signature = isMethod || node.kind === 'get' ? head(file, node, body) : propertyHead(file, node)
  const modifiers = /^(?:(?:public|override|async|get)\s+)+/
  const own: Declaration = {
    ...about,
    kind,
    signature: (node.kind === 'get' ? signature.replace('()', '') : signature).replace(modifiers, ''),
  }
  return kind === 'constructor' ? [own, ...parameterProperties(file, body)] : [own]
}

/** `constructor(readonly alias: string)` declares a member too. */
function parameterProperties(file: SourceFile, method: SyntaxNode): Declaration[] {
  const parameters = (method.params ?? []) as SyntaxNode[]
  return parameters
    .filter(({ type }) => type === 'TSParameterProperty')
    .map((node) => {
      const parameter = node.parameter as SyntaxNode
      return {
        name: nameOf(parameter.type === 'AssignmentPattern' ? parameter.left : parameter),
        kind: 'property',
        signature: line(text(file, parameter)),
        isPrivate: /^(private|protected)$/.test(String(node.accessibility)),
        isStatic: false,
        members: [],
        ...place(file, node),
      }
    })
}

/** Up to the body of a function. */
function head(file: SourceFile, node: SyntaxNode, withBody: SyntaxNode): string {
  const body = withBody.body as SyntaxNode | null | undefined
  return line(file.text.slice(node.start, body?.start ?? node.end)).replace(/[\s;]+$/, '')
}

function propertyHead(file: SourceFile, node: SyntaxNode): string {
  const value = node.value as SyntaxNode | null | undefined
  return line(file.text.slice(node.start, value?.start ?? node.end)).replace(/[\s=;]+$/, '')
}

function declaratorHead(file: SourceFile, declarator: SyntaxNode): string {
  const init = declarator.init as SyntaxNode | null
  if (init?.type === 'ArrowFunctionExpression') return head(file, declarator, init).replace(/\s*=>$/, '')
  return line(file.text.slice(declarator.start, init?.start ?? declarator.end)).replace(/[\s=]+$/, '')
}

function place(file: SourceFile, node: SyntaxNode): { doc: string; source: string; line: number } {
  return {
    doc: docBefore(file, node.start),
    source: text(file, node),
    line: file.text.slice(0, node.start).split('\n').length,
  }
}

/** The documentation comment that ends where `start` begins, but for white space. */
function docBefore({ text, comments }: SourceFile, start: number): string {
  const comment = comments.findLast((c) => c.end <= start)
  if (comment?.type !== 'Block' || !comment.value.startsWith('*') || text.slice(comment.end, start).trim() !== '')
    return ''
  return comment.value
    .slice(1)
    .split('\n')
    .map((row) => row.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

/** Identifiers of a declaration's types, such as `StartOptions`. */
export function typeNames(signature: string): string[] {
  return [...new Set(signature.match(/\b[A-Z]\w*Options\b/g))]
}

function text(file: SourceFile, node: SyntaxNode): string {
  return file.text.slice(node.start, node.end)
}

function line(code: string): string {
  return code
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/\s+/g, ' ')
    .replace(/([([]) | ([)\]])/g, '$1$2')
    .replace(/,\s*([)\]}])/g, '$1')
    .trim()
}

function nameOf(node: unknown): string {
  const named = node as { name?: string; value?: unknown } | null | undefined
  return named?.name ?? (typeof named?.value === 'string' ? named.value : '')
}
