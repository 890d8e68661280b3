import { randomBytes } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'

/**
 * Writes a private key into a file of its own, in a folder that exists. It is never seen half-written, never takes another
 * file's place, and only its owner can read it from the first moment.
 * @returns false when there is a file of that name already
 */
export async function writeKeyFile(location: string, privateKey: string): Promise<boolean> {
  const temporary = `${location}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(privateKey.endsWith('\n') ? privateKey : `${privateKey}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, location)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}
