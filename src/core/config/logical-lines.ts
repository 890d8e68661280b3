import { ConfigError, ConfigHasNoSections, type Refuse } from './errors.js'

/** A section header, or a setting with its continuation lines joined; `line` counts from 1. */
export type LogicalLine =
  | { readonly header: string; readonly line: number; readonly name?: undefined }
  | { readonly header: string; readonly line: number; readonly name: string; readonly value: string }

/**
 * Splits the text of a config file into headers and settings, comments and blank lines left out.
 * @param refuse called for each line that is neither; where it does not throw, the line is passed over
 */
export function logicalLines(text: string, file: string, refuse: Refuse): { lines: LogicalLine[]; warnings: string[] } {
  const reader = new LineReader(file, refuse)
  const physical = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (const [index, line] of physical.entries()) reader.read(line, index + 1)
  return reader.finish()
}

interface OpenSetting {
  readonly header: string
  readonly name: string
  readonly line: number
  /** A line that is indented more continues the value. */
  readonly indent: number
  readonly parts: string[]
}

class LineReader {
  private readonly lines: LogicalLine[] = []
  private readonly warnings: string[] = []
  private readonly seen = new Map<string, number>()
  private header: string | undefined
  private open: OpenSetting | undefined

  constructor(
    private readonly file: string,
    private readonly refuse: Refuse,
  ) {}

  read(line: string, number: number): void {
    if (isComment(line)) return
    const content = withoutComment(line).trim()
    if (content === '') return
    const indent = line.length - line.trimStart().length
    if (this.open && indent > this.open.indent) {
      this.continue(this.open, content, number)
      return
    }
    this.close()
    const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1]
    if (header !== undefined) this.startSection(header.trim(), number)
    else this.startSetting(content, number, indent)
  }

  finish(): { lines: LogicalLine[]; warnings: string[] } {
    this.close()
    return { lines: this.lines, warnings: this.warnings }
  }

  private startSection(header: string, line: number): void {
    this.header = header
    this.lines.push({ header, line })
  }

  private startSetting(content: string, line: number, indent: number): void {
    const match = /^([^:=]+?)\s*[:=]\s*(.*)$/s.exec(content)
    const problem = this.problemOf(content, `${this.file}:${line}: ${quote(content)}`, match)
    if (problem || !match || this.header === undefined) {
      if (problem) this.refuse(problem)
      return
    }
    const name = (match[1] as string).toLowerCase()
    const value = match[2] === '""' ? '' : (match[2] as string)
    this.warnIfTwice(name, line)
    this.open = { header: this.header, name, line, indent, parts: [value] }
  }

  private problemOf(content: string, what: string, match: unknown): ConfigError | undefined {
    if (content.startsWith('[') && !content.includes(']')) {
      const hint = 'write the head of a section as [cluster smallcluster], on a line of its own'
      return new ConfigError(`${what} has no closing ]`, { hint })
    }
    if (this.header === undefined) {
      const hint = 'a config file is made of sections such as [cluster smallcluster], each followed by settings'
      return new ConfigHasNoSections(`${what} stands before any [section]`, { hint })
    }
    if (match) return undefined
    const hint = 'write a setting as name = value; begin a comment with #'
    return new ConfigError(`${what} is neither a [section] nor a setting`, { hint })
  }

  private warnIfTwice(name: string, line: number): void {
    const key = `${this.header}\n${name}`
    const before = this.seen.get(key)
    this.seen.set(key, line)
    if (before === undefined) return
    this.warnings.push(
      `${this.file}:${line}: ${name} is set a second time in [${this.header}] (first in line ${before}); the last one counts`,
    )
  }

  private continue(setting: OpenSetting, content: string, line: number): void {
    setting.parts.push(content)
    const looksLike = /^\[.+\]$/.exec(content)?.[0] ?? /^\w+(?=\s*=)/.exec(content)?.[0]
    // The arguments of a plugin may well be lines of a script.
    if (looksLike === undefined || setting.header.startsWith('plugin')) return
    this.warnings.push(
      `${this.file}:${line}: ${looksLike} is indented, so it continues the value of ${setting.name} above it`,
    )
  }

  private close(): void {
    if (!this.open) return
    const { header, name, line, parts } = this.open
    const first = parts[0] === '' && parts.length > 1 ? 1 : 0
    this.lines.push({ header, name, line, value: parts.slice(first).join('\n') })
    this.open = undefined
  }
}

/** `#`, `;` after blanks or none, and ConfigParser's `rem` at the start of a line. */
function isComment(line: string): boolean {
  return /^\s*[#;]/.test(line) || /^rem(\s|$)/i.test(line)
}

/** A comment at the end of a line begins with `#` or `;` after a blank; `foo#bar` is a value. */
function withoutComment(line: string): string {
  const comment = /\s[#;]/.exec(line)
  return comment ? line.slice(0, comment.index) : line
}

function quote(content: string): string {
  return JSON.stringify(content.length > 40 ? `${content.slice(0, 40)}...` : content)
}
