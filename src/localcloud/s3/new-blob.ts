import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BodyFile } from '../cloud.js'
import { LocalCloudError, reason } from '../local-error.js'
import { syncDirectory } from '../store/state-file.js'

/** A file of bytes on its way; it has its name once all of it is on the disk. */
export class NewBlob implements BodyFile {
  private ended = false

  private constructor(
    private readonly name: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** @throws LocalCloudError ObjectNotSaved */
  static async create(dir: string): Promise<NewBlob> {
    const id = randomUUID()
    const name = `${id.slice(0, 2)}/${id}`
    const path = join(dir, name)
    return saving(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      return new NewBlob(name, path, await open(`${path}.new`, 'wx', 0o600))
    })
  }

  write(bytes: Uint8Array): Promise<void> {
    return saving(() => this.file.writeFile(bytes)) // of a handle: from where the last one ended
  }

  async keep(): Promise<string> {
    await saving(async () => {
      await this.file.datasync()
      await this.file.close()
      await rename(`${this.path}.new`, this.path)
      await syncDirectory(dirname(this.path))
    })
    this.ended = true
    return this.name
  }

  async drop(): Promise<void> {
    if (this.ended) return
    this.ended = true
    await this.file.close().catch(() => undefined) // may have been closed on the way to being kept
    await rm(`${this.path}.new`, { force: true })
  }
}

async function saving<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new LocalCloudError('ObjectNotSaved', `the local cloud cannot save an object: ${reason(cause)}`, {
      cause,
      hint: 'make room on that disk and try again',
    })
  }
}
