import { type FSWatcher, watch } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { untilAborted } from '../wait.js'
import { look } from './look.js'

/** Editors write a file in several steps, some beside it first: what comes within this time is one change. */
const SETTLE_MS = 80

/** Tells when something in a set of folders changes. */
export class FolderWatch implements Disposable {
  private readonly watchers = new Map<string, FSWatcher>()
  private changed = false
  private wake: (() => void) | undefined

  /** Also watches these folders; those that are not there are left out. */
  add(folders: Iterable<string>): void {
    for (const folder of folders) {
      if (this.watchers.has(folder) || !look(folder)?.isDirectory()) continue
      const watcher = watch(folder, () => this.notice())
      watcher.on('error', () => {
        // The folder is gone. It may come back: then `add` watches it again.
        watcher.close()
        this.watchers.delete(folder)
        this.notice()
      })
      this.watchers.set(folder, watcher)
    }
  }

  /** Resolves when something has changed since it last resolved, and then nothing for a moment. */
  async next(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (!this.changed) await untilAborted(new Promise<void>((resolve) => (this.wake = resolve)), signal)
    do {
      this.changed = false
      await untilAborted(setTimeout(SETTLE_MS), signal)
    } while (this.changed)
  }

  [Symbol.dispose](): void {
    for (const watcher of this.watchers.values()) watcher.close()
    this.watchers.clear()
  }

  private notice(): void {
    this.changed = true
    this.wake?.()
  }
}
