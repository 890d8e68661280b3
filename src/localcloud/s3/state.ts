import type { BlobPiece } from './blobs.js'

/** What S3 remembers: plain JSON. Bytes of objects are files beside it. */
export interface S3State {
  buckets: Record<string, BucketRecord>
}

export interface BucketRecord {
  /** ISO 8601 */
  readonly created: string
  /** By `/` + key: a key may be `__proto__`, a member of a JavaScript object may not. */
  objects: Record<string, ObjectRecord>
  /** Multipart uploads that are neither complete nor aborted, by their id. */
  uploads?: Record<string, UploadRecord>
}

export interface ObjectRecord {
  /** File with the bytes, below the objects directory; of a multipart upload there are `pieces` instead. */
  readonly file?: string
  readonly pieces?: readonly BlobPiece[]
  readonly size: number
  /** MD5 of the bytes, hexadecimal, without quotes; of a multipart upload that of the parts' MD5s, then `-` and how many. */
  readonly etag: string
  /** ISO 8601, whole seconds as HTTP dates have them */
  readonly modified: string
  /** content-type, cache-control and the like, lower-case names. */
  readonly headers: Record<string, string>
  /** x-amz-meta-*, names without that prefix. */
  readonly metadata: Record<string, string>
  /** Algorithm -> base64, as the client sent them. */
  readonly checksums: Record<string, string>
  /** `COMPOSITE`: of the checksums of the parts. Missing: of the bytes. */
  readonly checksumType?: 'COMPOSITE'
}

export interface UploadRecord extends Pick<ObjectRecord, 'headers' | 'metadata'> {
  readonly key: string
  /** ISO 8601 */
  readonly initiated: string
  /** Lower case, e.g. `crc32`; missing: none was asked for. */
  readonly checksumAlgorithm?: string
  readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT'
  /** By number, 1 to 10000. */
  parts: Record<string, PartRecord>
}

export interface PartRecord extends BlobPiece, Pick<ObjectRecord, 'etag' | 'modified' | 'checksums'> {}

/** The files of an object, in order. */
export function piecesOf({ file, pieces, size }: ObjectRecord): readonly BlobPiece[] {
  return pieces ?? (file === undefined ? [] : [{ file, size }])
}

export const filesOf = (object: ObjectRecord | undefined) => (object ? piecesOf(object).map(({ file }) => file) : [])

export const partFiles = (upload: UploadRecord) => Object.values(upload.parts).map(({ file }) => file)

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
    for (const object of Object.values(bucket.objects)) for (const { file } of piecesOf(object)) files.add(file)
    for (const upload of Object.values(bucket.uploads ?? {})) for (const file of partFiles(upload)) files.add(file)
  }
  return files
}
