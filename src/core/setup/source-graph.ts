import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Class, Expression, TSInterfaceDeclaration, TSTypeAliasDeclaration } from 'oxc-parser'
import { nameOf, readModule, type SourceModule, unwrap } from './source-module.js'
import { type Stamp, stampOf } from './witnesses.js'

export interface ClassSource {
  readonly file: string
  readonly node: Class
}

/** What a class extends: nothing, a class of 'starcluster', one whose source we have, or something only known at run time. */
export type SuperClass = 'none' | 'starcluster' | 'unknown' | ClassSource

/** Something that 'starcluster' exports. */
export interface PublicName {
  readonly publicName: string
}

export type TypeSource = { readonly file: string; readonly node: TSInterfaceDeclaration | TSTypeAliasDeclaration }

/** The source of a build, as needed from it. */
export interface BuiltSource {
  readonly texts: ReadonlyMap<string, string>
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, string>>
}

type Parse = typeof import('oxc-parser').parseSync

/** Finds classes and types by name through the files of one build. Parsed on demand, each file once. */
export class SourceGraph {
  private readonly modules = new Map<string, SourceModule>()
  /** Files read that the build itself did not need: those of type imports. */
  readonly alsoRead = new Map<string, Stamp>()

  constructor(
    private readonly source: BuiltSource,
    private readonly parse: Parse,
  ) {}

  static async of(source: BuiltSource): Promise<SourceGraph> {
    const { parseSync } = await import('oxc-parser')
    return new SourceGraph(source, parseSync)
  }

  exportedClass(file: string, name: string): ClassSource | undefined {
    const found = this.exported(file, name, 'classes', new Set())
    return isPublic(found) ? undefined : found
  }

  /** Names a file exports classes of its own under. */
  exportedClassNames(file: string): string[] {
    const module = this.module(file)
    return [...(module?.exports.keys() ?? [])].filter((name) => this.exportedClass(file, name)?.file === file)
  }

  superClass({ file, node }: ClassSource): SuperClass {
    if (!node.superClass) return 'none'
    const base = unwrap(node.superClass as Expression)
    const name =
      base.type === 'Identifier'
        ? base.name
        : base.type === 'MemberExpression' && base.object.type === 'Identifier'
          ? `${base.object.name}.${nameOf(base.property)}`
          : undefined
    const found = name === undefined ? undefined : this.named(file, name, 'classes')
    return isPublic(found) ? 'starcluster' : (found ?? 'unknown')
  }

  /** @param name as it is written in the file: `Type`, or `module.Type` */
  typeNamed(file: string, name: string): TypeSource | PublicName | undefined {
    return this.named(file, name, 'types')
  }

  private named<K extends 'classes' | 'types'>(file: string, name: string, kind: K): Found<K> | PublicName | undefined {
    const [first = '', member] = name.split('.')
    if (member === undefined) return this.local(file, first, kind, new Set())
    const imported = this.module(file)?.imports.get(first)
    return imported && this.follow(file, { ...imported, name: member }, kind, new Set())
  }

  private local<K extends 'classes' | 'types'>(
    file: string,
    name: string,
    kind: K,
    seen: Set<string>,
  ): Found<K> | PublicName | undefined {
    const module = this.module(file)
    if (!module || seen.has(`${file}\0${name}`)) return undefined
    seen.add(`${file}\0${name}`)
    const node = module[kind].get(name)
    if (node) return { file, node } as Found<K>
    const alias = module.aliases.get(name)
    if (alias !== undefined) return this.local(file, alias, kind, seen)
    const imported = module.imports.get(name)
    return imported && this.follow(file, imported, kind, seen)
  }

  private follow<K extends 'classes' | 'types'>(
    file: string,
    { specifier, name }: { specifier: string; name: string },
    kind: K,
    seen: Set<string>,
  ): Found<K> | PublicName | undefined {
    if (specifier === 'starcluster') return { publicName: name }
    const target = this.resolve(file, specifier)
    // `const Base = require('./base')` names what the file exports as a whole.
    return target ? this.exported(target, name === '*' ? 'default' : name, kind, seen) : undefined
  }

  private exported<K extends 'classes' | 'types'>(
    file: string,
    name: string,
    kind: K,
    seen: Set<string>,
  ): Found<K> | PublicName | undefined {
    const module = this.module(file)
    if (!module) return undefined
    const target = module.exports.get(name)
    if (typeof target === 'string') return this.local(file, target, kind, seen)
    if (target) return this.follow(file, target, kind, seen)
    for (const star of module.stars) {
      if (seen.has(`${file}\0*\0${star}`)) continue
      seen.add(`${file}\0*\0${star}`)
      const found = this.follow(file, { specifier: star, name }, kind, seen)
      if (found && !isPublic(found)) return found
    }
    return undefined
  }

  private module(file: string): SourceModule | undefined {
    const known = this.modules.get(file)
    if (known || !/\.[cm]?[jt]sx?$/.test(file)) return known
    const { program } = this.parse(file, this.text(file))
    const module = readModule(program)
    this.modules.set(file, module)
    return module
  }

  /** Text of a file, as it was built. */
  text(file: string): string {
    const built = this.source.texts.get(file)
    if (built !== undefined) return built
    this.alsoRead.set(file, stampOf(file))
    return readFileSync(file, 'utf8')
  }

  /** What the build resolved it to; a type import, which the build never saw, is looked up beside the file. */
  private resolve(file: string, specifier: string): string | undefined {
    const built = this.source.imports.get(file)?.get(specifier)
    if (built !== undefined) return built
    if (!specifier.startsWith('.')) return undefined
    const target = resolve(dirname(file), specifier)
    const candidates = [
      target,
      ...['.ts', '.mts', '.cts', '.d.ts', '.js'].map((extension) => target + extension),
      target.replace(/\.([cm]?)js$/, '.$1ts'),
      ...['index.ts', 'index.d.ts', 'index.js'].map((index) => resolve(target, index)),
    ]
    return candidates.find((candidate) => /\.[cm]?[jt]s$/.test(candidate) && stampOf(candidate) !== '')
  }
}

type Found<K extends 'classes' | 'types'> = K extends 'classes' ? ClassSource : TypeSource

function isPublic(found: ClassSource | TypeSource | PublicName | undefined): found is PublicName {
  return found !== undefined && 'publicName' in found
}
