import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { LocalCloudError } from '../../local-error.js'

/** Functions that the other side may call, by dotted name: `engine.boot`. */
export type Callable = (name: string, args: unknown[]) => unknown

type Message =
  | { readonly call: number; readonly name: string; readonly args: unknown[] }
  | { readonly answer: number; readonly value?: unknown }
  | { readonly answer: number; readonly error: Failure }

interface Failure {
  readonly message: string
  /** Of a LocalCloudError. */
  readonly code?: string
  readonly hint?: string | undefined
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * One of two programs that call each other's functions over a pair of pipes, a line of JSON each way. Maps and bytes pass
 * as what they are, and a LocalCloudError arrives as one.
 */
export class Peer {
  private readonly waiting = new Map<number, Waiting>()
  private last = 0
  private ended: Error | undefined

  constructor(
    input: Readable,
    private readonly output: Writable,
    private readonly serve: Callable,
  ) {
    output.on('error', () => this.end(new LocalCloudError('ConnectionLost', 'the connection was cut')))
    createInterface({ input }).on('line', (line) => this.heard(line))
  }

  async call(name: string, args: unknown[]): Promise<unknown> {
    if (this.ended) throw this.ended
    // JSON would make null of an argument left out.
    const given = args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1)
    const call = ++this.last
    const answered = new Promise((resolve, reject) => this.waiting.set(call, { resolve, reject }))
    this.send({ call, name, args: given })
    return answered
  }

  /** No answer will come any more: every call that waits for one fails. */
  end(error: Error): void {
    this.ended ??= error
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }

  private heard(line: string): void {
    const message = decode(line)
    if (message === undefined) return
    if ('call' in message) {
      void this.answer(message.call, message.name, message.args)
      return
    }
    const waiting = this.waiting.get(message.answer)
    this.waiting.delete(message.answer)
    if ('error' in message) waiting?.reject(errorOf(message.error))
    else waiting?.resolve(message.value)
  }

  private async answer(call: number, name: string, args: unknown[]): Promise<void> {
    try {
      this.send({ answer: call, value: await this.serve(name, args) })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const known = error instanceof LocalCloudError ? { code: error.code, hint: error.hint } : {}
      this.send({ answer: call, error: { message, ...known } })
    }
  }

  private send(message: Message): void {
    if (!this.ended) this.output.write(`${encode(message)}\n`)
  }
}

const errorOf = ({ code, message, hint }: Failure): Error =>
  code === undefined ? new Error(message) : new LocalCloudError(code, message, { hint })

/** A function of the other side, and everything below it: `remote(call, 'engine').disks.snapshot(id)`. */
export function remote<T>(call: (name: string, args: unknown[]) => Promise<unknown>, name: string): T {
  return new Proxy(() => undefined, {
    // A promise resolved with it must not take it for another promise.
    get: (_, word) => (word === 'then' ? undefined : remote(call, `${name}.${String(word)}`)),
    apply: (_, __, args: unknown[]) => call(name, args),
  }) as T
}

/** Serves the methods of some objects: `{ engine }` serves `engine.boot` and `engine.disks.snapshot`. */
export function serveObjects(objects: Record<string, unknown>): Callable {
  return (name, args) => {
    const path = name.split('.')
    const method = path.pop() ?? ''
    let owner: unknown = objects
    for (const word of path) owner = (owner as Record<string, unknown> | undefined)?.[word]
    const found = (owner as Record<string, unknown> | undefined)?.[method]
    if (typeof found !== 'function') throw new Error(`there is no function ${name}`)
    return found.apply(owner, args)
  }
}

const encode = (message: Message): string =>
  JSON.stringify(message, (_key, value: unknown) => {
    if (value instanceof Map) return { $map: [...value] }
    if (isStoredBuffer(value)) return { $bytes: Buffer.from(value.data).toString('base64') }
    if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
    return value
  })

/** -> undefined for a line that is none of ours: an engine's command may print a notice. */
function decode(line: string): Message | undefined {
  try {
    return JSON.parse(line, revive) as Message
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$map' in value) return new Map(value.$map as [unknown, unknown][])
  if ('$bytes' in value) return Buffer.from(value.$bytes as string, 'base64')
  return value
}

/** What JSON makes of a Buffer before a replacer sees it. */
function isStoredBuffer(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
}
