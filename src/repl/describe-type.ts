import { join } from 'node:path'
import type { ShellTypes } from './options.js'
import { children, parseInput, type SyntaxNode } from './parse.js'

/**
 * The type of an expression as an editor would show it, and its documentation. Nothing is run.
 * Loads ts-node and TypeScript at the first call, which takes a second or two.
 *
 * @param inputs earlier lines of the session, for the names they declare
 */
export async function describeType(
  expression: string,
  inputs: readonly string[],
  types: ShellTypes | undefined,
): Promise<string> {
  const { create } = await import('ts-node')
  const directory = process.cwd()
  const service = create({
    cwd: directory,
    skipProject: true,
    typeCheck: true,
    compilerOptions: {
      target: 'es2022',
      module: 'esnext',
      moduleResolution: 'bundler',
      strict: true,
      skipLibCheck: true,
      types: [],
      ...(types?.paths ? { paths: types.paths, baseUrl: directory } : {}),
    },
  })
  const before = [
    ...(types ? [types.declarations] : []),
    ...lastDeclarations(inputs),
    'export {}',
    'const $type = (',
  ].join(';\n')
  const code = `${before}${expression}\n)`
  const file = join(directory, '__shell__.ts')
  const { name, comment } = service.getTypeInfo(code, file, before.lastIndexOf('$type'))
  const type = name.replace(/^const \$type: /, '')
  return comment ? `${type}\n${comment}` : type
}

/** The inputs that still say what a name is: a later declaration of the same name replaces the earlier one. */
function lastDeclarations(inputs: readonly string[]): string[] {
  const seen = new Set<string>()
  const kept: string[] = []
  for (const input of [...inputs].reverse()) {
    const names = declaredNames(input)
    if (names.length === 0 || names.some((name) => seen.has(name))) continue
    for (const name of names) seen.add(name)
    kept.unshift(input)
  }
  return kept
}

function declaredNames(input: string): string[] {
  if (input.startsWith('!')) return []
  const found: string[] = []
  const visit = (node: SyntaxNode): void => {
    if (/Declaration$|Declarator$|Specifier$/.test(node.type)) {
      const id = (node.id ?? node.local) as { name?: string } | null | undefined
      if (id?.name) found.push(id.name)
    }
    if (/^(Export|Import|VariableDeclaration$)/.test(node.type)) for (const child of children(node)) visit(child)
  }
  for (const statement of parseInput(input).statements) visit(statement)
  return found
}
