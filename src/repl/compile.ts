import { guardLoops } from './loop-guard.js'
import { children, parseInput, type SyntaxNode } from './parse.js'

/** Name under which the context offers our `import()`; not meant to be typed. */
export const importFunctionName = '__shellImport'

export interface CompiledInput {
  /** A classic script. */
  readonly script: string
  /** The script's value is then a promise of `{ value }`, otherwise the value itself. */
  readonly isAsync: boolean
}

/**
 * Turns one input of the shell into a script for a long-lived context.
 *
 * - types are removed;
 * - top-level `let`, `const` and `class` become `var`, so that a line can be entered twice and values are kept;
 * - static `import` works and `export` is ignored, so that a plugin's source can be pasted;
 * - loops that vm cannot stop look for Ctrl-C themselves;
 * - with a top-level `await` the statements run in an async function, their declarations stay global.
 *
 * @throws IncompleteInput, SyntaxError as parseInput
 */
export function compileInput(source: string): CompiledInput {
  const { text, statements } = parseInput(source)
  const edits: Edit[] = []
  for (const statement of statements) redirectImports(statement, edits)
  const isAsync = statements.some((s) => s.type === 'ImportDeclaration' || awaits(s))
  const guards = statements.flatMap((s) => guardLoops(s, isAsync)).map(({ at, text }) => insert(at, text))
  return isAsync
    ? { isAsync, script: asyncScript(text, statements, edits, guards) }
    : { isAsync, script: plainScript(text, statements, edits, guards) }
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

function plainScript(text: string, statements: readonly SyntaxNode[], edits: Edit[], guards: Edit[]): string {
  for (const statement of statements) {
    const inner = stripExport(statement, edits)
    if (inner?.type === 'VariableDeclaration') declareWithVar(text, inner, edits)
    if (inner?.type === 'ClassDeclaration') assignClass(inner, edits, 'var ')
  }
  return render(text, 0, text.length, [...edits, ...guards])
}

function asyncScript(text: string, statements: readonly SyntaxNode[], edits: Edit[], guards: Edit[]): string {
  const names = new Set<string>()
  const functions: SyntaxNode[] = []
  for (const statement of statements) {
    const inner = stripExport(statement, edits)
    if (!inner) continue
    if (inner.type === 'ImportDeclaration') assignImport(text, inner, edits, names)
    else if (inner.type === 'FunctionDeclaration') functions.push(inner)
    else if (inner.type === 'ClassDeclaration') {
      names.add(nameOf(inner.id))
      assignClass(inner, edits, '')
    } else {
      assignDeclarations(text, inner, edits, names, true)
      if (statement === statements.at(-1)) returnValue(text, inner, edits)
    }
  }
  // Functions move out of the wrapper: they are global and hoisted, as at the top level of a script.
  const all = [...edits, ...guards]
  const moved = functions.map((f) => render(text, f.start, f.end, all)).join('\n')
  const body = [...all, ...functions.map((f) => ({ start: f.start, end: f.end, text: '' }))]
  const declared = names.size > 0 ? `var ${[...names].join(', ')}; ` : ''
  return `${declared}${moved};(async () => { ${render(text, 0, text.length, body)}\n})()`
}

/** `let a, b = 1` -> `var a = undefined, b = 1`: a second `let a` starts afresh. */
function declareWithVar(text: string, declaration: SyntaxNode, edits: Edit[]): void {
  if (declaration.kind === 'var') return
  const declarators = declaration.declarations as SyntaxNode[]
  edits.push({ start: declaration.start, end: declarators[0]!.start, text: `var${gap(text, declaration)}` })
  for (const d of declarators) if (!d.init) edits.push(insert(d.end, ' = undefined'))
}

/** Whitespace and comments between the keyword and the first name; never nothing, `let{a}=b` has none. */
function gap(text: string, declaration: SyntaxNode): string {
  const keyword = String(declaration.kind).split(' ').at(-1)!
  const first = (declaration.declarations as SyntaxNode[])[0]!
  const head = text.slice(declaration.start, first.start)
  return head.slice(head.indexOf(keyword) + keyword.length) || ' '
}

function assignClass(declaration: SyntaxNode, edits: Edit[], keyword: 'var ' | ''): void {
  edits.push(insert(declaration.start, `${keyword}${nameOf(declaration.id)} = `), insert(declaration.end, ';'))
}

/** Declarations inside the async wrapper become assignments to the global names, as deep as `var` reaches. */
function assignDeclarations(text: string, node: SyntaxNode, edits: Edit[], names: Set<string>, top: boolean): void {
  if (isFunction(node) || isClass(node)) return
  if (node.type === 'VariableDeclaration' && (top || node.kind === 'var')) {
    for (const d of node.declarations as SyntaxNode[]) bindingNames(d.id as SyntaxNode, names)
    assignDeclaration(text, node, edits)
  } else if (/^For(In|Of)?Statement$/.test(node.type)) {
    const head = (node.init ?? node.left) as SyntaxNode | null
    if (head?.type === 'VariableDeclaration' && head.kind === 'var') {
      const declarators = head.declarations as SyntaxNode[]
      for (const d of declarators) bindingNames(d.id as SyntaxNode, names)
      edits.push({ start: head.start, end: declarators[0]!.start, text: '' })
    }
    for (const child of children(node)) if (child !== head) assignDeclarations(text, child, edits, names, false)
  } else {
    for (const child of children(node)) assignDeclarations(text, child, edits, names, false)
  }
}

function assignDeclaration(text: string, node: SyntaxNode, edits: Edit[]): void {
  const declarators = node.declarations as SyntaxNode[]
  const last = declarators.at(-1)!
  edits.push({ start: node.start, end: declarators[0]!.start, text: 'void (' })
  if (node.kind !== 'var') for (const d of declarators) if (!d.init) edits.push(insert(d.end, ' = undefined'))
  // Without the semicolon a following line that begins with a bracket would become a call.
  edits.push(insert(last.end, text.slice(last.end, node.end).includes(';') ? ')' : ');'))
}

function returnValue(text: string, statement: SyntaxNode, edits: Edit[]): void {
  if (statement.type !== 'ExpressionStatement') return
  const expression = statement.expression as SyntaxNode
  // In an object, so that a value with a `then` of its own is not called by the async function.
  // The statement's own brackets are outside the expression: enclose them too.
  const hasSemicolon = text[statement.end - 1] === ';' && expression.end < statement.end
  edits.push(insert(statement.start, 'return { value: ('), {
    start: hasSemicolon ? statement.end - 1 : statement.end,
    end: statement.end,
    text: ') };',
  })
}

function assignImport(text: string, node: SyntaxNode, edits: Edit[], names: Set<string>): void {
  const specifiers = node.specifiers as SyntaxNode[]
  const source = node.source as SyntaxNode
  const from = `await ${importFunctionName}(${text.slice(source.start, source.end)}${importAttributes(text, node)})`
  const properties: string[] = []
  let namespace = ''
  for (const specifier of specifiers) {
    const local = nameOf(specifier.local)
    names.add(local)
    if (specifier.type === 'ImportNamespaceSpecifier') namespace = local
    else if (specifier.type === 'ImportDefaultSpecifier') properties.push(`default: ${local}`)
    else
      properties.push(
        `${text.slice((specifier.imported as SyntaxNode).start, (specifier.imported as SyntaxNode).end)}: ${local}`,
      )
  }
  const module = namespace ? `${namespace} = ${from}` : from
  const statement = properties.length > 0 ? `void ({ ${properties.join(', ')} } = ${module});` : `void (${module});`
  edits.push({ start: node.start, end: node.end, text: statement })
}

function importAttributes(text: string, node: SyntaxNode): string {
  const attributes = (node.attributes ?? []) as SyntaxNode[]
  if (attributes.length === 0) return ''
  return `, { with: { ${attributes.map((a) => text.slice(a.start, a.end)).join(', ')} } }`
}

/** The declaration an `export` exports, or undefined when nothing is left of it. */
function stripExport(statement: SyntaxNode, edits: Edit[]): SyntaxNode | undefined {
  if (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') {
    const inner = statement.declaration as SyntaxNode | null
    const named = inner && (!/^(Class|Function)/.test(inner.type) || inner.id)
    if (inner && named) {
      edits.push({ start: statement.start, end: inner.start, text: '' })
      return inner
    }
  }
  if (!/^Export/.test(statement.type)) return statement
  edits.push({ start: statement.start, end: statement.end, text: ';' })
  return undefined
}

/** `import('x')` -> our function, at any depth, so that the running copy of a package can be given. */
function redirectImports(node: SyntaxNode, edits: Edit[]): void {
  if (node.type === 'ImportExpression') {
    edits.push({ start: node.start, end: node.start + 'import'.length, text: importFunctionName })
  }
  for (const child of children(node)) redirectImports(child, edits)
}

function awaits(node: SyntaxNode): boolean {
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await === true)) return true
  if (isFunction(node)) return false
  return children(node).some(awaits)
}

function isFunction(node: SyntaxNode): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
}

function isClass(node: SyntaxNode): boolean {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
}

function bindingNames(pattern: SyntaxNode, names: Set<string>): void {
  if (pattern.type === 'Identifier') names.add(nameOf(pattern))
  else if (pattern.type === 'Property') bindingNames(pattern.value as SyntaxNode, names)
  else if (pattern.type === 'AssignmentPattern') bindingNames(pattern.left as SyntaxNode, names)
  else for (const child of children(pattern)) bindingNames(child, names)
}

function nameOf(identifier: unknown): string {
  return (identifier as { name: string }).name
}

function insert(at: number, text: string): Edit {
  return { start: at, end: at, text }
}

/** Text of a range with the edits inside it applied; of edits that overlap, the outermost and first wins. */
function render(text: string, start: number, end: number, edits: readonly Edit[]): string {
  const inside = edits.filter((e) => e.start >= start && e.end <= end)
  inside.sort((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start) || b.end - a.end)
  let out = ''
  let at = start
  for (const edit of inside) {
    if (edit.start < at) continue
    out += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return out + text.slice(at, end)
}
