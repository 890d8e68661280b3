import { SourceMap, type SourceMapPayload } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginBuild } from './plugin-build.js'

/** Finds where in a plugin's own source an error came from. Works whether or not Node maps stack traces itself. */
export class SourcePositions {
  private map: SourceMap | undefined

  constructor(private readonly build: Pick<PluginBuild, 'code' | 'outfile' | 'files' | 'entry'>) {}

  /** `FILE:LINE` of the topmost stack frame in the plugin's files; undefined when there is none. */
  topFrame(error: unknown): string | undefined {
    const stack = error instanceof Error ? error.stack : undefined
    if (!stack) return undefined
    for (const line of stack.split('\n')) {
      const frame = /(?:\(|at |^)((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line)
      const position = frame?.[1] && this.position(frame[1], Number(frame[2]), Number(frame[3]))
      if (position) return position
    }
    return undefined
  }

  private position(place: string, line: number, column: number): string | undefined {
    const file = place.startsWith('file://') ? fileURLToPath(place) : place
    if (this.build.files.includes(file)) return `${file}:${line}`
    if (file !== this.build.outfile) return undefined
    const entry = this.sourceMap()?.findEntry(line - 1, column - 1)
    if (!entry || !('originalSource' in entry)) return undefined
    const source = resolve(this.build.outfile, '..', entry.originalSource)
    return this.build.files.includes(source) ? `${source}:${entry.originalLine + 1}` : undefined
  }

  private sourceMap(): SourceMap | undefined {
    const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(this.build.code)?.[1]
    if (encoded) this.map ??= new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString()) as SourceMapPayload)
    return this.map
  }
}
