import { quoted } from './context.js'
import { S3Error } from './errors.js'
import type { ObjectRecord } from './state.js'

type Headers = Readonly<Record<string, string>>

/** RFC 9110 13: conditions of a read. @throws S3Error 412 PreconditionFailed or 304 NotModified */
export function checkReadConditions(headers: Headers, object: ObjectRecord): void {
  const condition = (name: string) => headers[name]
  const failed = failedCondition(condition, object)
  if (failed === undefined) return
  if (failed === 'If-None-Match' || failed === 'If-Modified-Since') {
    const tags = { etag: quoted(object.etag), 'last-modified': new Date(object.modified).toUTCString() }
    throw new S3Error('NotModified', 304, 'Not Modified', {}, tags)
  }
  throw preconditionFailed(failed)
}

/** Conditions on the source of a copy: all of them fail with 412. */
export function checkCopyConditions(headers: Headers, source: ObjectRecord): void {
  const failed = failedCondition((name) => headers[`x-amz-copy-source-${name}`], source)
  if (failed) throw preconditionFailed(`x-amz-copy-source-${failed}`)
}

/** Conditional writes: If-None-Match: * makes a new object only, If-Match replaces a known one only. */
export function checkWriteConditions(headers: Headers, present: ObjectRecord | undefined, key: string): void {
  const match = headers['if-match']
  if (match !== undefined && !present)
    throw new S3Error('NoSuchKey', 404, 'The specified key does not exist.', { Key: key })
  if (match !== undefined && present && !matches(match, present)) throw preconditionFailed('If-Match')
  const noneMatch = headers['if-none-match']
  if (noneMatch === undefined) return
  if (noneMatch.trim() !== '*') {
    throw new S3Error('NotImplemented', 501, 'If-None-Match of a write takes * only.', { Header: 'If-None-Match' })
  }
  if (present) throw preconditionFailed('If-None-Match')
}

function failedCondition(condition: (name: string) => string | undefined, object: ObjectRecord): string | undefined {
  const match = condition('if-match')
  if (match !== undefined && !matches(match, object)) return 'If-Match'
  const unmodified = seconds(condition('if-unmodified-since'))
  if (match === undefined && unmodified !== undefined && seconds(object.modified)! > unmodified) {
    return 'If-Unmodified-Since'
  }
  const noneMatch = condition('if-none-match')
  if (noneMatch !== undefined && matches(noneMatch, object)) return 'If-None-Match'
  const modified = seconds(condition('if-modified-since'))
  if (noneMatch === undefined && modified !== undefined && seconds(object.modified)! <= modified) {
    return 'If-Modified-Since'
  }
  return undefined
}

function matches(list: string, object: ObjectRecord): boolean {
  const tags = list.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  )
  return tags.includes('*') || tags.includes(object.etag)
}

/** A date nobody understands is no condition (RFC 9110 13.1.3). */
function seconds(date: string | undefined): number | undefined {
  const at = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000)
}

const preconditionFailed = (condition: string) =>
  new S3Error('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })
