import { statfs } from 'node:fs/promises'
import { LocalCloudError } from '../local-error.js'

const MIB = 2 ** 20
/** With less than this machines are in danger: what they write may have no place. */
export const LOW_BYTES = 512 * MIB
/** A boot writes keys, logs and the journal of its file system. */
const BOOT_BYTES = 32 * MIB

/** Room for new disks, as the engine tells it. */
export interface DiskRoom {
  /** Where disks are. */
  readonly path: string
  readonly freeBytes: number
}

export async function diskRoom(path: string): Promise<DiskRoom> {
  const { bavail, bsize } = await statfs(path)
  return { path, freeBytes: bavail * bsize }
}

/** What making each of these takes at its worst, bytes; measured on Debian 12, rounded up. */
const NEEDS = {
  'to start a machine': BOOT_BYTES,
  'for package lists': 200 * MIB,
  'to build an image': 800 * MIB,
}

/** @throws LocalCloudError NoSpace: better than to stop half way */
export async function requireRoom(path: string, purpose: keyof typeof NEEDS): Promise<void> {
  const room = await diskRoom(path)
  if (room.freeBytes >= NEEDS[purpose]) return
  const message = `${roomText(room)}: too little ${purpose} (${NEEDS[purpose] / MIB} MiB); free some space`
  throw new LocalCloudError('NoSpace', message, {
    hint: 'or set STARCLUSTER_DISK_ROOT to a directory on a bigger disk',
  })
}

export const roomText = ({ path, freeBytes }: DiskRoom) => `${Math.floor(freeBytes / MIB)} MiB are free below ${path}`
