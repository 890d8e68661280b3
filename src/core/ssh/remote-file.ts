import type { Stats } from 'ssh2'
import { RemoteFileError } from './errors.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { sftpCall } from './sftp-call.js'

const CHUNK = 256 * 1024

export type RemoteFileMode = 'r' | 'w' | 'a' | 'r+' | 'w+' | 'a+'

/**
 * An open file on a node, as the original's `remote_file`. Calls take effect in the order in which they are made, also
 * when they are not awaited; a failure of a call that nobody awaited comes out of `close`. Always close it.
 */
export class RemoteFile implements AsyncDisposable {
  readonly #host: RemoteHost
  readonly #handle: Buffer
  readonly #append: boolean
  #position = 0
  #last: Promise<unknown> = Promise.resolve()
  #failure: unknown
  #closed = false

  private constructor(
    host: RemoteHost,
    handle: Buffer,
    readonly path: string,
    readonly mode: RemoteFileMode,
  ) {
    this.#host = host
    this.#handle = handle
    this.#append = mode.startsWith('a')
  }

  /** `mode` as in fopen(3). @throws RemoteFileError */
  static async open(host: RemoteHost, path: string, mode: RemoteFileMode = 'w'): Promise<RemoteFile> {
    const handle = await sftpCall<Buffer>(host, path, (sftp, done) => sftp.open(remotePath(path), mode, done))
    return new RemoteFile(host, handle, path, mode)
  }

  write(content: string | Uint8Array): Promise<void> {
    return this.#inOrder(async () => {
      const bytes = Buffer.from(content as string)
      if (bytes.length === 0) return
      const position = this.#append ? (await this.#fstat()).size : this.#position
      await this.#call((sftp, done) => sftp.write(this.#handle, bytes, 0, bytes.length, position, done))
      this.#position = position + bytes.length
    })
  }

  /** Writes texts one after another; line ends are the caller's, as in the original. */
  writelines(lines: Iterable<string>): Promise<void> {
    return this.write(Array.from(lines).join(''))
  }

  /** The rest of the file, or at most `size` bytes of it, as text. */
  read(size = Number.POSITIVE_INFINITY): Promise<string> {
    return this.#inOrder(async () => {
      const chunks: Buffer[] = []
      for (let left = size; left > 0; ) {
        const chunk = await this.#readChunk(Math.min(left, CHUNK))
        if (chunk.length === 0) break
        chunks.push(chunk)
        left -= chunk.length
      }
      return Buffer.concat(chunks).toString()
    })
  }

  /** The remaining lines, each with its line end, as in the original. */
  async readlines(): Promise<string[]> {
    const text = await this.read()
    return text === '' ? [] : text.split(/(?<=\n)/)
  }

  chmod(mode: number): Promise<void> {
    return this.#inOrder(() => this.#call((sftp, done) => sftp.fchmod(this.#handle, mode, done as never)))
  }

  chown(uid: number, gid: number): Promise<void> {
    return this.#inOrder(() => this.#call((sftp, done) => sftp.fchown(this.#handle, uid, gid, done as never)))
  }

  stat(): Promise<Stats> {
    return this.#inOrder(() => this.#fstat())
  }

  /** Waits for everything before it. @throws what an earlier call failed with, when nobody has seen that yet. */
  async close(): Promise<void> {
    if (this.#closed) return
    await this.#last
    this.#closed = true
    await this.#call((sftp, done) => sftp.close(this.#handle, done as never))
    if (this.#failure !== undefined) throw this.#failure
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #inOrder<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#closed) throw new RemoteFileError(this.#host.name, this.path, undefined, 'the file is closed')
      return act()
    })
    // kept for `close`, so that a call without await neither loses its failure nor ends the process with it
    this.#last = result.catch((error: unknown) => {
      this.#failure ??= error
    })
    return result
  }

  async #readChunk(length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    const count = await this.#call<number>((sftp, done) =>
      // the end of the file is told as status 1
      sftp.read(this.#handle, buffer, 0, length, this.#position, (error, read) =>
        (error as { code?: unknown } | undefined)?.code === 1 ? done(null, 0) : done(error, read),
      ),
    )
    this.#position += count
    return buffer.subarray(0, count)
  }

  #fstat(): Promise<Stats> {
    return this.#call<Stats>((sftp, done) => sftp.fstat(this.#handle, done))
  }

  #call<T = void>(request: Parameters<typeof sftpCall<T>>[2]): Promise<T> {
    return sftpCall<T>(this.#host, this.path, request)
  }
}
