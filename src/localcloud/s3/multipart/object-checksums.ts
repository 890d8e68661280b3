import { checksum } from '../../auth/checksums.js'
import type { BlobStore } from '../blobs.js'
import type { ObjectRecord, PartRecord, UploadRecord } from '../state.js'

/**
 * The checksum of an object made of parts: of its bytes, which are read for it, or of the parts' checksums, where each has one.
 * Source: S3 user guide, "Checking object integrity", full object and composite checksum types.
 */
export async function objectChecksums(
  blobs: BlobStore,
  { checksumAlgorithm: name, checksumType }: UploadRecord,
  parts: readonly PartRecord[],
): Promise<Pick<ObjectRecord, 'checksums' | 'checksumType'>> {
  const sum = name === undefined ? undefined : checksum(name)
  if (name === undefined || !sum) return { checksums: {} }
  if (checksumType === 'FULL_OBJECT') {
    const size = parts.reduce((all, part) => all + part.size, 0)
    for await (const piece of await blobs.read(parts, 0, size)) sum.update(piece as Buffer)
    return { checksums: { [name]: sum.digest().toString('base64') } }
  }
  for (const { checksums } of parts) {
    const ofPart = checksums[name]
    if (ofPart === undefined) return { checksums: {} }
    sum.update(Buffer.from(ofPart, 'base64'))
  }
  const value = `${sum.digest().toString('base64')}-${parts.length}`
  return { checksums: { [name]: value }, checksumType: 'COMPOSITE' }
}
