import { open, readFile, stat } from 'node:fs/promises'
import { errorCode } from '../local-error.js'
import type { LocalPaths } from '../paths.js'

/** All of the daemon's log, the older file of the two first. Empty when it never ran. */
export async function readWholeLog(paths: LocalPaths): Promise<string> {
  return (await readIfThere(`${paths.log}.1`)) + (await readIfThere(paths.log))
}

/** Size of the log now: what is written from here on is new. */
export async function logEnd(paths: LocalPaths): Promise<number> {
  return stat(paths.log).then(
    ({ size }) => size,
    () => 0, // no log yet
  )
}

/** At most the last 64 KiB of it. */
export async function readLogFrom(path: string, from: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const start = size < from ? 0 : from // smaller than before: a new file was begun
    const buffer = Buffer.alloc(Math.min(size - start, 65_536))
    await file.read(buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8')
  } finally {
    await file.close()
  }
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  })
}
