import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { packageRoot } from '../package-root.js'
import { type Declaration, readDeclarations } from './declarations.js'

/** A declaration and the file it is in, relative to the package. */
export interface Found {
  readonly declaration: Declaration
  readonly file: string
}

/** The program's own sources, which are installed with it: what names mean and what their comments say. */
export class SourceIndex {
  /** Path and text of each file, once they were asked for. */
  #texts: ReadonlyMap<string, string> | undefined
  readonly #parsed = new Map<string, Declaration[]>()

  constructor(private readonly root = join(packageRoot(), 'src')) {}

  /** An exported class, interface, type, function or constant; a class before an interface of the same name. */
  find(name: string): Found | undefined {
    if (!/^[\p{L}_$][\w$]*$/u.test(name)) return undefined
    const exported = new RegExp(
      String.raw`^export (?:abstract |async |default )*(?:class|interface|type|function|const) ${name.replaceAll('$', '\\$')}\b`,
      'm',
    )
    const files = [...this.#files()].filter(([, text]) => exported.test(text)).map(([file]) => file)
    const found = files.flatMap((file) =>
      this.#declarations(file)
        .filter((declaration) => declaration.name === name)
        .map((declaration) => ({ declaration, file })),
    )
    return found.find(({ declaration }) => declaration.kind === 'class') ?? found[0]
  }

  /** A member of a class or interface, or of what it extends; snake_case names are those of camelCase. */
  member(owner: string, name: string): Found | undefined {
    const camel = name.replace(/_+([a-z])/g, (_, letter: string) => letter.toUpperCase())
    for (const found of this.#lineage(owner)) {
      const { members } = found.declaration
      const declaration = members.find((m) => m.name === name) ?? members.find((m) => m.name === camel)
      if (declaration) return { declaration, file: found.file }
    }
    return undefined
  }

  /** Members of a class and of those it extends, each name once. */
  members(owner: string): Declaration[] {
    const byName = new Map<string, Declaration>()
    for (const { declaration } of this.#lineage(owner)) {
      for (const member of declaration.members) if (!byName.has(member.name)) byName.set(member.name, member)
    }
    return [...byName.values()]
  }

  #lineage(owner: string): Found[] {
    const found = this.find(owner)
    if (!found) return []
    const { base } = found.declaration
    return base === undefined || base === owner ? [found] : [found, ...this.#lineage(base)]
  }

  #files(): ReadonlyMap<string, string> {
    this.#texts ??= new Map(
      ['core', 'plugins', '.'].flatMap((folder) => {
        const files = list(join(this.root, folder), folder !== '.')
        return files.map((file) => [relative(join(this.root, '..'), file), readFileSync(file, 'utf8')] as const)
      }),
    )
    return this.#texts
  }

  #declarations(file: string): Declaration[] {
    const known = this.#parsed.get(file)
    if (known) return known
    const read = readDeclarations(this.#files().get(file) ?? '')
    this.#parsed.set(file, read)
    return read
  }
}

/** TypeScript files of a folder; none when it is not there. */
function list(folder: string, recursive: boolean): string[] {
  try {
    const names = readdirSync(folder, { recursive, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
