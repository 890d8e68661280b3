import { createHash } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '../local-error.js'

/**
 * Text of a state file: one JSON object whose checksum covers the text of its `state` member, byte for byte.
 * A file cut short or changed by hand is told from a good one before anything in it is believed.
 */
export function sealState(state: string): string {
  return `${PREFIX}${sha256(state)}${INFIX}${state}${SUFFIX}`
}

/** @returns the text of the state, or what is wrong with the file. */
export function unsealState(text: string): { state: string } | { damage: string } {
  if (text === '') return { damage: 'it is empty' }
  if (!text.startsWith(PREFIX.slice(0, text.length))) return { damage: 'it is not a state file' }
  const stateAt = PREFIX.length + 64 + INFIX.length
  if (text.length < stateAt || !text.endsWith(SUFFIX)) return { damage: 'it is cut short' }
  if (text.slice(stateAt - INFIX.length, stateAt) !== INFIX) return { damage: 'it is not a state file' }
  const state = text.slice(stateAt, -SUFFIX.length)
  if (sha256(state) !== text.slice(PREFIX.length, PREFIX.length + 64)) return { damage: 'its checksum is wrong' }
  return { state }
}

/** Reads a sealed file. `missing` is not damage: a first start has none. */
export async function readStateFile(path: string): Promise<{ state: string } | { damage: string } | 'missing'> {
  try {
    return unsealState(await readFile(path, 'utf8'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'missing'
    throw error
  }
}

/**
 * Replaces `path` so that at every moment, also of a power cut, it holds the old or the new text, whole; the old one
 * stays as `path.1`. Resolves when the new text is on the disk.
 */
export async function replaceStateFile(path: string, text: string): Promise<void> {
  const aside = `${path}.new`
  const file = await open(aside, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
  await keepAsPrevious(path)
  await rename(aside, path)
  await syncDirectory(dirname(path))
}

/** A second name for the current file, then moved over the previous one: `path` never goes missing in between. */
async function keepAsPrevious(path: string): Promise<void> {
  const hold = `${path}.hold`
  await rm(hold, { force: true })
  try {
    await link(path, hold)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  await rename(hold, `${path}.1`)
}

export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const PREFIX = '{"checksum":"sha256:'
const INFIX = '","state":'
const SUFFIX = '}\n'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
