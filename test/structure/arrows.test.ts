import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../../src', import.meta.url))

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => join(dir, f))
}

/** Imports between our files, static and dynamic, and the packages each file names. */
function readImports(): { local: Import[]; packages: Array<{ from: string; name: string }> } {
  const local: Import[] = []
  const packages: Array<{ from: string; name: string }> = []
  for (const file of sourceFiles(src)) {
    const from = relative(src, file)
    const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
    const note = (specifier: string, typeOnly: boolean) => {
      if (specifier.startsWith('.')) {
        local.push({ from, to: relative(src, resolve(dirname(file), specifier)).replace(/\.js$/, '.ts'), typeOnly })
      } else packages.push({ from, name: specifier })
    }
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
        note(node.moduleSpecifier.text, isTypeOnly(node.importClause))
      } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
        note(node.moduleSpecifier.text, node.isTypeOnly)
      } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const [argument] = node.arguments
        if (argument && ts.isStringLiteral(argument)) note(argument.text, false)
      }
      ts.forEachChild(node, visit)
    }
    visit(tree)
  }
  return { local, packages }
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false
  if (clause.isTypeOnly) return true
  const named = clause.namedBindings
  return !clause.name && !!named && ts.isNamedImports(named) && named.elements.every((e) => e.isTypeOnly)
}

const area = (file: string): string => (file.includes('/') ? file.split('/')[0]! : file)

/** What each area may import besides itself. Files at the top of src are areas of their own. */
const allowed: Record<string, readonly string[]> = {
  core: [],
  localcloud: [],
  plugins: [],
  'api.ts': ['core'],
  'starcluster.ts': ['core', 'api.ts', 'local-region.ts', 'package-root.ts', 'public-modules.ts'],
  'package-root.ts': [],
  'public-modules.ts': ['package-root.ts'],
  'local-region.ts': ['core', 'localcloud'],
  'modules.ts': ['core', 'api.ts'],
  'index.ts': ['api.ts', 'starcluster.ts', 'modules.ts'],
  repl: ['index.ts'],
  testing: ['index.ts', 'package-root.ts', 'public-modules.ts'],
  cli: ['index.ts', 'package-root.ts', 'public-modules.ts', 'repl', 'localcloud'],
}

/** The only doors into the local cloud: how it is started and looked after. Its services are reached over the wire. */
const localCloudDoors = [
  'localcloud/control.ts',
  'localcloud/control-egress.ts',
  'localcloud/control-faults.ts',
  'localcloud/control-profiles.ts',
  'localcloud/control-images.ts',
  'localcloud/doctor.ts',
  'localcloud/nodes/images.ts',
]

/** A leaf that cli may read without loading the library behind index.ts: a Tab is answered before that could be done. */
const leaves = ['core/paths.ts']

const { local, packages } = readImports()

test('imports follow the arrows of docs/architecture.md', () => {
  const forbidden = local.filter(({ from, to }) => {
    const [a, b] = [area(from), area(to)]
    if (a === b || (a === 'cli' && leaves.includes(to))) return false
    if (!allowed[a]?.includes(b)) return true
    return b === 'localcloud' && !localCloudDoors.includes(to)
  })
  expect(forbidden.map((i) => `${i.from} -> ${i.to}`)).toEqual([])
})

test('leaves import nothing of ours', () => {
  expect(local.filter(({ from }) => leaves.includes(from))).toEqual([])
})

test('bundled plugins import only starcluster and Node itself', () => {
  const foreign = packages.filter(
    (p) => area(p.from) === 'plugins' && p.name !== 'starcluster' && !p.name.startsWith('node:'),
  )
  expect(foreign).toEqual([])
})

test('only the composition and the plugins know the package by its name', () => {
  expect(packages.filter((p) => p.name === 'starcluster' && area(p.from) !== 'plugins')).toEqual([])
})

test('no file imports itself through others', () => {
  const edges = new Map<string, string[]>()
  for (const { from, to, typeOnly } of local) if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to])
  const cycles: string[] = []
  const done = new Set<string>()
  const walk = (file: string, path: string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    else if (!done.has(file)) {
      for (const next of edges.get(file) ?? []) walk(next, [...path, file])
      done.add(file)
    }
  }
  for (const file of edges.keys()) walk(file, [])
  expect(cycles).toEqual([])
})

test('no file outgrows one concept', () => {
  const long = sourceFiles(src)
    .map((file) => ({ file: relative(src, file), lines: readFileSync(file, 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 400)
  expect(long).toEqual([])
})
