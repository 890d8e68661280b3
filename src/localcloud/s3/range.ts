import { S3Error } from './errors.js'

/** `end` exclusive */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * One `bytes=` range of an object. undefined: the whole of it, also for what S3 ignores (several ranges, other units).
 * @throws S3Error 416 InvalidRange
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!found || (found[1] === '' && found[2] === '')) return undefined
  const [from, to] = [found[1]!, found[2]!]
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined // not a range at all: ignored
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  if (start >= size || start >= end) {
    const details = { RangeRequested: header ?? '', ActualObjectSize: String(size) }
    const headers = { 'content-range': `bytes */${size}` }
    throw new S3Error('InvalidRange', 416, 'The requested range is not satisfiable', details, headers)
  }
  return { start, end }
}
