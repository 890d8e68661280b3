import { builtinModules, createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import type { Service, TSError } from 'ts-node'
import type { ShellTypes } from './options.js'
import { packageRoot } from './package-root.js'
import { children, type SyntaxNode } from './parse.js'
import { ShellError } from './shell-error.js'

/** TypeScript, loaded at first use: without the large packages until a line needs them. */
export class LazyLineTypes {
  readonly #loaded = new Map<boolean, Promise<LineTypes>>()

  constructor(
    private readonly types: ShellTypes | undefined,
    private readonly exists: (name: string) => boolean,
  ) {}

  /** @param texts the line and those before it, whose names it may use */
  for(texts: readonly string[]): Promise<LineTypes> {
    const { mention } = this.types?.large ?? {}
    const wide = mention === undefined || this.#loaded.has(true) || texts.some((text) => mention.test(text))
    const loaded = this.#loaded.get(wide) ?? LineTypes.load(this.types, this.exists, { wide })
    this.#loaded.set(wide, loaded)
    return loaded
  }
}

/** What TypeScript makes of lines at the prompt. Loading it takes a second or two. */
export class LineTypes {
  private constructor(
    private readonly service: Service,
    private readonly declarations: string,
    /** Names that exist at run time, for those of which no declaration is known. */
    private readonly exists: (name: string) => boolean,
  ) {}

  /** @param wide with the types of `types.large`, which take several times as long to load */
  static async load(
    types: ShellTypes | undefined,
    exists: (name: string) => boolean,
    { wide }: { readonly wide: boolean },
  ): Promise<LineTypes> {
    const [{ create }, { default: ts }] = await Promise.all([import('ts-node'), import('typescript')])
    const directory = process.cwd()
    const nodeTypes = nodeTypeRoot()
    const stub = join(directory, '__shell_any__.d.ts')
    const stubs = wide ? [] : (types?.large?.packages ?? []).map((name) => [name, [stub]] as const)
    const service = create({
      cwd: directory,
      readFile: (file) => (file === stub ? 'declare const anything: any\nexport = anything\n' : ts.sys.readFile(file)),
      fileExists: (file) => file === stub || ts.sys.fileExists(file),
      skipProject: true,
      typeCheck: true,
      pretty: false,
      compilerOptions: {
        target: 'es2022',
        module: 'esnext',
        moduleResolution: 'bundler',
        strict: true,
        skipLibCheck: true,
        ...(nodeTypes ? { types: ['node'], typeRoots: [nodeTypes] } : { types: [] }),
        paths: { ...types?.paths, ...Object.fromEntries(stubs) },
        baseUrl: directory,
      },
    })
    return new LineTypes(
      service,
      [...(types ? [types.declarations] : []), ofShell(nodeTypes !== undefined)].join('\n'),
      exists,
    )
  }

  /**
   * The type of an expression as an editor would show it, and its documentation. Nothing is run.
   *
   * @param inputs earlier lines of the session, for the names they declare
   */
  describe(expression: string, inputs: readonly string[]): string {
    const before = [this.declarations, ...lastDeclarations(inputs), 'export {}', 'const $type = ('].join(';\n')
    const { name, comment } = this.service.getTypeInfo(
      `${before}${expression}\n)`,
      lineFile(),
      before.lastIndexOf('$type'),
    )
    const type = name.replace(/^const \$type: /, '')
    return comment ? `${type}\n${comment}` : type
  }

  /** @throws TypesDoNotFit with every error in the line, and its place */
  check(source: string, inputs: readonly string[]): void {
    const earlier = lastDeclarations([...inputs, source]).filter((input) => input !== source)
    const before = `${[this.declarations, ...earlier, 'export {}'].join(';\n')};\n`
    try {
      this.service.compile(`${before}${source}`, lineFile())
    } catch (error) {
      const problems = isTsError(error) ? this.#problemsIn(error, before, source) : undefined
      if (!problems) throw error
      if (problems.length > 0) throw new TypesDoNotFit(problems)
    }
  }

  #problemsIn(error: TSError, before: string, source: string): string[] {
    const { diagnostics } = error as TSError & { diagnostics: readonly Diagnostic[] }
    return diagnostics.flatMap(({ start = 0, messageText, code }) => {
      const message = flat(messageText)
      const missing = /^Cannot find name '([^']+)'/.exec(message)?.[1]
      if (start < before.length || (missing !== undefined && this.exists(missing))) return []
      return [`TS${code}: ${message}\n${marked(source, start - before.length)}`]
    })
  }
}

class TypesDoNotFit extends ShellError {
  readonly code = 'TypesDoNotFit'
  override readonly hint = 'nothing was run'
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

interface Diagnostic {
  readonly start?: number
  readonly code: number
  readonly messageText: string | MessageChain
}

interface MessageChain {
  readonly messageText: string
  readonly next?: readonly MessageChain[]
}

function flat(text: string | MessageChain): string {
  if (typeof text === 'string') return text
  return [text.messageText, ...(text.next ?? []).map((next) => `  ${flat(next)}`)].join('\n')
}

function isTsError(error: unknown): error is TSError {
  return error instanceof Error && 'diagnosticCodes' in error
}

/** The line of a place, and a mark below it. */
function marked(source: string, place: number): string {
  const start = source.lastIndexOf('\n', place - 1) + 1
  const line = source.slice(start).split('\n', 1)[0] ?? ''
  return `  ${line}\n  ${' '.repeat(place - start)}^`
}

function lineFile(): string {
  return join(process.cwd(), '__shell__.ts')
}

/** Node's types are a tool of development: not every installation has them. */
function nodeTypeRoot(): string | undefined {
  try {
    const file = createRequire(join(packageRoot(), 'package.json')).resolve('@types/node/package.json')
    return dirname(dirname(file))
  } catch {
    return undefined
  }
}

/** Names the shell gives besides the composition's. */
function ofShell(hasNodeTypes: boolean): string {
  const libraries = builtinModules.filter((name) => /^[a-z]\w*$/.test(name) && name !== 'console')
  const loose = (names: readonly string[]) => `declare const ${names.map((name) => `${name}: any`).join(', ')}`
  return [
    'declare const In: Record<number, string>, Out: Record<number, any>',
    loose(['_', '_error']),
    hasNodeTypes
      ? libraries.map((name) => `declare const ${name}: typeof import('node:${name}')`).join('\n')
      : loose([...libraries, 'process', 'Buffer', 'require', 'global']),
  ].join('\n')
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
  const { program } = parseSync('line.ts', input, { lang: 'ts', sourceType: 'module' })
  for (const statement of program.body as unknown as SyntaxNode[]) visit(statement)
  return found
}
