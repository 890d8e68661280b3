import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ClusterChanges } from '../changes/cluster-changes.js'
import { FolderWatch } from '../setup/folder-watch.js'
import { look } from '../setup/look.js'
import { stampOf } from '../setup/witnesses.js'
import type { ClusterDeps } from './deps.js'
import type { NodePool } from './node-pool.js'
import { type RunPluginOptions, runPlugins } from './run-plugin.js'

export interface WatchPluginOptions extends RunPluginOptions {
  /** Called after each run that ended well, with what changed when that was asked for. */
  readonly onDone?: (result: { ms: number; changes: ClusterChanges | undefined }) => void
  /** Called after each run that failed; watching goes on. */
  readonly onError?: (error: unknown) => void
}

/**
 * Runs a plugin, and again each time it, a file it imports or the config is saved. A save during a run is for the next
 * run. Ends by `signal` only.
 */
export async function watchPlugin(
  deps: ClusterDeps,
  pool: NodePool,
  name: string,
  tag: string,
  { onDone, onError, ...options }: WatchPluginOptions = {},
): Promise<void> {
  const { signal } = options
  const files = new PluginFiles(deps, name)
  using folders = new FolderWatch()
  while (!signal?.aborted) {
    const before = new Map(files.candidates().map((file) => [file, stampOf(file)]))
    const started = performance.now()
    let failed = false
    try {
      const changes = await runPlugins(deps, pool, [name], tag, options)
      onDone?.({ ms: performance.now() - started, changes })
    } catch (error) {
      if (signal?.aborted) return
      failed = true
      onError?.(error)
    }
    // A plugin that does not build tells no files: then any source beside it may be what mends it.
    const relevant = () => (failed ? files.candidates() : files.madeOf())
    const isChanged = () => relevant().some((file) => stampOf(file) !== (before.get(file) ?? absentBefore(file)))
    const absentBefore = (file: string) => {
      const stamp = failed ? '' : stampOf(file) // told by the run itself: unchanged as far as we know
      before.set(file, stamp)
      return stamp
    }
    folders.add(new Set(relevant().map((file) => dirname(file))))
    while (!signal?.aborted && !isChanged()) await folders.next(signal).catch(() => undefined)
  }
}

/** The files a run of a plugin depends on. */
class PluginFiles {
  private config: readonly string[] = []

  constructor(
    private readonly deps: ClusterDeps,
    private readonly name: string,
  ) {}

  /** As the last run told. */
  madeOf(): string[] {
    return [...this.configFiles(), ...this.deps.plugins.filesOf(this.name)]
  }

  /** Those, and every source file beside them. */
  candidates(): string[] {
    const { plugins } = this.deps
    const known = plugins.filesOf(this.name)
    const folders = new Set(known.length > 0 ? known.map((file) => dirname(file)) : plugins.folders)
    const beside = [...folders].flatMap((folder) => {
      if (!look(folder)?.isDirectory()) return []
      const names = readdirSync(folder).filter((entry) => /\.([cm]?[jt]s|json)$/.test(entry))
      return names.map((entry) => join(folder, entry))
    })
    return [...new Set([...this.madeOf(), ...beside])]
  }

  /** A config that cannot be read just now is watched all the same. */
  private configFiles(): readonly string[] {
    try {
      this.config = this.deps.config().sources
    } catch {
      // The next run says what is wrong with it.
    }
    return this.config.length > 0 ? this.config : this.deps.paths.configFiles
  }
}
