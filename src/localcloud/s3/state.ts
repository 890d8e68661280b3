/** What S3 remembers: plain JSON. Bytes of objects are files beside it. */
export interface S3State {
  buckets: Record<string, BucketRecord>
}

export interface BucketRecord {
  /** ISO 8601 */
  readonly created: string
  /** By `/` + key: a key may be `__proto__`, a member of a JavaScript object may not. */
  objects: Record<string, ObjectRecord>
}

export interface ObjectRecord {
  /** File with the bytes, below the objects directory. */
  readonly file: string
  readonly size: number
  /** MD5 of the bytes, hexadecimal, without quotes. */
  readonly etag: string
  /** ISO 8601, whole seconds as HTTP dates have them */
  readonly modified: string
  /** content-type, cache-control and the like, lower-case names. */
  readonly headers: Record<string, string>
  /** x-amz-meta-*, names without that prefix. */
  readonly metadata: Record<string, string>
  /** Algorithm -> base64, as the client sent them. */
  readonly checksums: Record<string, string>
}

export function emptyS3State(): S3State {
  return { buckets: {} }
}

export function objectSlot(key: string): string {
  return `/${key}`
}

export function slotKey(slot: string): string {
  return slot.slice(1)
}

/** Files that a state refers to. */
export function referencedFiles(state: S3State): Set<string> {
  const files = new Set<string>()
  for (const bucket of Object.values(state.buckets)) {
    for (const object of Object.values(bucket.objects)) files.add(object.file)
  }
  return files
}
