/** A file, directory or link of a simulated machine. */
export interface Entry {
  readonly kind: 'file' | 'directory' | 'link'
  /** Bytes as latin1 text; a link's target. */
  readonly content: string
  /** Permission bits. */
  readonly mode: number
  /** `user:group`. */
  readonly owner: string
}

/** What a thousand machines have in common is kept once. */
const shared = new Map<string, string>()

/** The files of a simulated machine, by absolute path. */
export class SimulatedFiles {
  private readonly entries = new Map<string, Entry>()

  get(path: string): Entry | undefined {
    return this.entries.get(path)
  }

  /** Content of a file, or undefined. */
  read(path: string): string | undefined {
    const entry = this.entries.get(path)
    return entry?.kind === 'file' ? entry.content : undefined
  }

  /** Makes or replaces a file. @returns false when it was the same before */
  write(path: string, content: string, mode?: number, owner?: string): boolean {
    const known = this.entries.get(path)
    return this.put(path, {
      kind: 'file',
      content,
      mode: mode ?? known?.mode ?? 0o644,
      owner: owner ?? known?.owner ?? 'root:root',
    })
  }

  /** Makes or replaces any entry, with the directories above. @returns false when it was the same before */
  put(path: string, entry: Entry): boolean {
    const known = this.entries.get(path)
    const same = (['kind', 'content', 'mode', 'owner'] as const).every((name) => known?.[name] === entry[name])
    if (same) return false
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (parent !== '' && !this.entries.has(parent)) this.directory(parent)
    this.entries.set(path, { ...entry, content: once(entry.content) })
    return true
  }

  directory(path: string, mode = 0o755, owner = 'root:root'): boolean {
    return this.put(path, { kind: 'directory', content: '', mode, owner })
  }

  /** Removes an entry with everything below it. */
  remove(path: string): void {
    this.entries.delete(path)
    for (const name of this.below(path)) this.entries.delete(name)
  }

  rename(from: string, to: string): void {
    for (const path of [from, ...this.below(from)]) {
      const entry = this.entries.get(path)
      if (entry) this.put(to + path.slice(from.length), entry)
    }
    this.remove(from)
  }

  /** Names directly in a directory. */
  names(directory: string): string[] {
    const start = directory === '/' ? '/' : `${directory}/`
    return this.below(directory)
      .map((path) => path.slice(start.length))
      .filter((name) => !name.includes('/'))
  }

  private below(directory: string): string[] {
    const start = directory === '/' ? '/' : `${directory}/`
    return [...this.entries.keys()].filter((path) => path.startsWith(start))
  }
}

function once(text: string): string {
  if (text.length < 256) return text
  const known = shared.get(text)
  if (known !== undefined) return known
  shared.set(text, text)
  return text
}
