import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { BodyStore } from '../cloud.js'
import { errorCode } from '../local-error.js'
import { NewBlob } from './new-blob.js'

/** A file with some of an object's bytes. */
export interface BlobPiece {
  readonly file: string
  /** Bytes */
  readonly size: number
}

export interface StoredBytes extends BlobPiece {
  /** Hexadecimal. */
  readonly md5: string
}

/**
 * Bytes of objects, a file each, never changed once they have their name. A file is there before any state that
 * refers to it, and goes only when neither the state on disk nor the one before refers to it any more.
 */
export class BlobStore implements BodyStore {
  private discarded: string[] = []

  constructor(private readonly dir: string) {}

  /** @throws LocalCloudError ObjectNotSaved */
  async begin(): Promise<NewBlob> {
    return NewBlob.create(this.dir)
  }

  /** All of it on the disk. @throws LocalCloudError ObjectNotSaved */
  async write(bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<StoredBytes> {
    const blob = await this.begin()
    try {
      const md5 = createHash('md5')
      let size = 0
      for await (const piece of bytes) {
        md5.update(piece)
        size += piece.length
        await blob.write(piece)
      }
      return { file: await blob.keep(), size, md5: md5.digest('hex') }
    } finally {
      await blob.drop()
    }
  }

  /** The bytes of files one after the other, from `start` to `end`, exclusive, of them all. */
  async read(pieces: readonly BlobPiece[], start: number, end: number): Promise<Readable> {
    const wanted = slices(pieces, start, end)
    const files: FileHandle[] = []
    try {
      // Opened before anything is answered: what is deleted or replaced meanwhile is still read to its end.
      for (const { name } of wanted) files.push(await open(join(this.dir, name), 'r'))
      for (const [i, { name, end: last }] of wanted.entries()) {
        const { size } = await files[i]!.stat()
        if (size < last) throw new Error(`the object file ${name} is shorter than the state says`)
      }
    } catch (error) {
      await closeAll(files)
      throw error
    }
    const bytes = Readable.from(readSlices(files, wanted), { objectMode: false })
    return bytes.once('close', () => void closeAll(files))
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

interface Slice {
  readonly name: string
  /** Within the file, `end` exclusive. */
  readonly start: number
  readonly end: number
}

function slices(pieces: readonly BlobPiece[], start: number, end: number): Slice[] {
  let at = 0
  return pieces.flatMap(({ file, size }) => {
    const from = at
    at += size
    const slice = { name: file, start: Math.max(start - from, 0), end: Math.min(end - from, size) }
    return slice.start < slice.end ? [slice] : []
  })
}

async function* readSlices(files: readonly FileHandle[], wanted: readonly Slice[]): AsyncGenerator<Buffer> {
  for (const [i, { name, start, end }] of wanted.entries()) {
    for (let at = start; at < end; ) {
      const bytes = Buffer.allocUnsafe(Math.min(256 * 1024, end - at))
      const { bytesRead } = await files[i]!.read(bytes, 0, bytes.length, at)
      if (bytesRead === 0) throw new Error(`the object file ${name} is shorter than the state says`)
      yield bytes.subarray(0, bytesRead)
      at += bytesRead
    }
  }
}

async function closeAll(files: readonly FileHandle[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()))
}
