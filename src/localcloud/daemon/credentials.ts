import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, LocalCloudError } from '../local-error.js'

export interface LocalCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** @returns undefined when the file is not there. @throws LocalCloudError BadCredentialsFile */
export async function readCredentials(path: string): Promise<LocalCredentials | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const { accessKeyId, secretAccessKey } = parse(text) ?? {}
  if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string') return { accessKeyId, secretAccessKey }
  throw new LocalCloudError('BadCredentialsFile', `${path} is not a credentials file of the local cloud`, {
    hint: 'remove that file; new credentials are made at the next start',
  })
}

/** The access key of this cloud, random, made once. Only the daemon calls this, so nobody writes it twice. */
export async function ensureCredentials(path: string): Promise<LocalCredentials> {
  const present = await readCredentials(path)
  if (present) return present
  const made = { accessKeyId: `LKIA${base32(10)}`, secretAccessKey: randomBytes(30).toString('base64') }
  await writePrivateFile(path, `${JSON.stringify(made, undefined, 2)}\n`)
  return made
}

/** Written aside and renamed: nobody ever reads half of it, and it is never readable by others. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const aside = `${path}.new`
  await writeFile(aside, text, { mode: 0o600, flush: true })
  await rename(aside, path)
}

function parse(text: string): Partial<Record<keyof LocalCredentials, unknown>> | undefined {
  try {
    return JSON.parse(text) as Partial<LocalCredentials>
  } catch {
    return undefined // told by the caller as a bad file
  }
}

/** 16 characters of A-Z2-7, as in access key ids of AWS. */
function base32(bytes: number): string {
  let bits = ''
  for (const byte of randomBytes(bytes)) bits += byte.toString(2).padStart(8, '0')
  return bits.replace(/.{5}/g, (five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)]!)
}
