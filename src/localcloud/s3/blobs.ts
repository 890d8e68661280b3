import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, LocalCloudError, reason } from '../local-error.js'
import { syncDirectory } from '../store/state-file.js'

/**
 * Bytes of objects, a file each, never changed once they have their name. A file is there before any state that
 * refers to it, and goes only when neither the state on disk nor the one before refers to it any more.
 */
export class BlobStore {
  private discarded: string[] = []

  constructor(private readonly dir: string) {}

  /** @returns the new file's name. It is on the disk. @throws LocalCloudError ObjectNotSaved */
  async write(bytes: Uint8Array): Promise<string> {
    const id = randomUUID()
    const name = `${id.slice(0, 2)}/${id}`
    const path = join(this.dir, name)
    try {
      await this.writeAside(path, bytes)
    } catch (cause) {
      await rm(`${path}.new`, { force: true })
      throw new LocalCloudError('ObjectNotSaved', `the local cloud cannot save an object: ${reason(cause)}`, {
        cause,
        hint: 'make room on that disk and try again',
      })
    }
    return name
  }

  private async writeAside(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(`${path}.new`, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    await syncDirectory(dirname(path))
  }

  /** Part of a file, `end` exclusive. */
  async read(name: string, start: number, end: number): Promise<Buffer> {
    const file = await open(join(this.dir, name), 'r')
    try {
      const bytes = Buffer.alloc(end - start)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
      if (bytesRead !== bytes.length) throw new Error(`the object file ${name} is shorter than the state says`)
      return bytes
    } finally {
      await file.close()
    }
  }

  /** Removes a file that no state ever referred to. */
  async drop(name: string): Promise<void> {
    await rm(join(this.dir, name), { force: true })
  }

  /**
   * Runs `commit`, after which the state no longer refers to `names`. They go at the next one: until then the state
   * before, which is used when the newest file is damaged, still needs them.
   */
  async discardAfter(commit: () => Promise<void>, names: readonly string[]): Promise<void> {
    const due = this.discarded.splice(0)
    try {
      await commit()
    } catch (error) {
      this.discarded.push(...due, ...names)
      throw error
    }
    this.discarded.push(...names)
    await Promise.all(due.map((name) => this.drop(name)))
  }

  /** Removes what a killed daemon left: half-written files and those nothing refers to. */
  async sweep(referenced: ReadonlySet<string>): Promise<void> {
    for (const sub of await entries(this.dir)) {
      for (const file of await entries(join(this.dir, sub))) {
        const name = `${sub}/${file}`
        if (!referenced.has(name)) await this.drop(name)
      }
    }
  }
}

async function entries(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return []
    throw error
  })
}
