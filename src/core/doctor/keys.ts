import { readFile, stat } from 'node:fs/promises'
import { publicKeyOf } from '../ssh/keys.js'
import type { DoctorDeps } from './check.js'

/** A private key that the config names. */
export interface Candidate {
  readonly name: string
  readonly file: string
}

export function candidateKeys({ config }: Pick<DoctorDeps, 'config'>): Candidate[] {
  return [...config().keys].map(([name, { keyLocation }]) => ({ name, file: keyLocation }))
}

/** What keeps a key from being used; undefined: nothing. */
export async function keyProblem({ name, file }: Candidate): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    // OpenSSH refuses such a key.
    if (mode & 0o077) return `key ${name}: ${file} can be read by others; chmod 600 mends it`
    await publicKeyOf(await readFile(file, 'utf8'))
    return undefined
  } catch (error) {
    return `key ${name}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? `${file} does not exist` : (error as Error).message}`
  }
}
