import { readFile, rm, writeFile } from 'node:fs/promises'
import { SCPException } from './errors.js'

/**
 * Keeps a part of a file for this process until it is released. A lock that a process left which is gone is taken over.
 * @throws SCPException when another process is at it
 */
export async function holdPart(part: string): Promise<AsyncDisposable> {
  const lock = `${part}.lock`
  for (let tries = 0; !(await take(lock)); tries++) {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    if (tries > 3 || (holder > 0 && isAlive(holder)))
      throw new SCPException(`another copy to the same place is under way (process ${holder})`, {
        hint: `wait for it; if there is none, remove ${lock}`,
      })
    await rm(lock, { force: true })
  }
  return { [Symbol.asyncDispose]: () => rm(lock, { force: true }) }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
