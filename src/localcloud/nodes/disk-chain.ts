import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { diskLayers } from './node-disk.js'

/**
 * What a disk is made of, as its `layers` file says in one line: the directory that takes writes, what was frozen below
 * it, what it stands on. To freeze or to go back is to write this line; no data moves.
 */
export interface DiskChain {
  /** Name in the disk's file system. */
  readonly upper: string
  /** Names in the disk's file system, newest first. */
  readonly frozen: readonly string[]
  /** The seed, guest, image and package list layers. */
  readonly below: readonly string[]
}

/** @throws LocalCloudError NoSuchDisk */
export async function readChain(dir: string, id: string): Promise<DiskChain> {
  const line = await diskLayers(dir)
  if (line === undefined) throw new LocalCloudError('NoSuchDisk', `machine ${id} has no disk yet`)
  const words = line.split(',')
  const upper = words[0]?.startsWith('@') ? (words.shift() ?? '').slice(1) : 'upper'
  const own = frozenPath(id, '')
  const frozen = words.filter((word) => word.startsWith(own)).map((word) => word.slice(own.length))
  return { upper, frozen, below: words.filter((word) => !word.startsWith(own)) }
}

/** The one step that counts: before it the disk is the old one, after it the new one. */
export async function writeChain(dir: string, id: string, chain: DiskChain): Promise<void> {
  const words = [`@${chain.upper}`, ...chain.frozen.map((name) => frozenPath(id, name)), ...chain.below]
  await replaceFile(join(dir, 'layers'), `${words.join(',')}\n`)
}

/** Where the holder sees a directory of a disk's file system. */
const frozenPath = (id: string, name: string) => `/disks/nodes/${id}/fs/${name}`

export const newUpper = () => `upper-${randomBytes(6).toString('hex')}`

interface StoredSnapshot {
  readonly name: string
  readonly created: string
  readonly frozen: readonly string[]
}

/** Oldest first. */
export async function readSnapshots(dir: string): Promise<StoredSnapshot[]> {
  try {
    return JSON.parse(await readFile(join(dir, 'snapshots.json'), 'utf8')) as StoredSnapshot[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export async function writeSnapshots(dir: string, snapshots: readonly StoredSnapshot[]): Promise<void> {
  await replaceFile(join(dir, 'snapshots.json'), `${JSON.stringify(snapshots)}\n`)
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { flush: true })
  await rename(`${path}.new`, path)
}
