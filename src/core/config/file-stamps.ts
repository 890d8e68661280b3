import { statSync } from 'node:fs'
import { isUrl } from './fetch-text.js'

/** The state of files at the moment they were read or found absent. URLs are taken not to change. */
export class FileStamps {
  private readonly stamps = new Map<string, string>()

  /** To be called before the file is read, so that a change during the reading is noticed. */
  add(path: string): void {
    if (!isUrl(path)) this.stamps.set(path, stampOf(path))
  }

  /** True when a file was changed, replaced, removed or has appeared. */
  changed(): boolean {
    return [...this.stamps].some(([path, stamp]) => stampOf(path) !== stamp)
  }
}

function stampOf(path: string): string {
  try {
    const { mtimeNs, ctimeNs, size, ino } = statSync(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    // Absent, or not ours to see: when that changes, the config may change.
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
