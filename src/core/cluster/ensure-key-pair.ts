import { constants } from 'node:fs'
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isAwsError, KeyPairDoesNotExist, KeyPairMismatch } from '../aws/errors.js'
import { createKeyPair, describeKeyPair, importKeyPair, samePublicKey } from '../aws/key-pairs.js'
import { publicKeyOf } from '../ssh/keys.js'
import { waitFor } from '../wait.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError } from './errors.js'

export interface WantedKey {
  readonly keyname: string
  /** Private key file. */
  readonly location: string
  /** We may make the pair and the file: the location is ours. */
  readonly ours: boolean
}

/**
 * Makes sure that the key pair exists in the region and that we hold its private half. A pair whose file we have is
 * imported, a pair of ours that exists nowhere is made.
 *
 * @throws KeyPairDoesNotExist, KeyPairMismatch, ClusterValidationError
 */
export async function ensureKeyPair(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  wanted: WantedKey,
  signal?: AbortSignal,
): Promise<void> {
  const { keyname, location, ours } = wanted
  const { ec2 } = deps.aws
  const [pair, privateKey] = await Promise.all([describeKeyPair(ec2, keyname, signal), readKey(wanted)])
  if (privateKey === undefined) {
    if (pair && ours && (await appears(location, signal))) return ensureKeyPair(deps, wanted, signal)
    if (pair) throw missingFile(wanted, deps.aws.region.name)
    if (!ours)
      throw new KeyPairDoesNotExist(`key pair ${keyname} does not exist, and neither does its private key ${location}`)
    await makeKeyPair(deps, wanted, signal)
    return
  }
  const publicKey = await publicKeyOf(privateKey)
  if (!pair) {
    deps.log.info(`Importing key pair ${keyname} (public half of ${location})`)
    await importKeyPair(ec2, keyname, publicKey, signal).catch(ignoreDuplicate)
    return
  }
  if (pair.publicKey !== undefined && !samePublicKey(pair.publicKey, publicKey)) {
    throw new KeyPairMismatch(
      `${location} is not the private key of key pair ${keyname} in region ${deps.aws.region.name}`,
      {
        hint: `correct key_location in [key ${keyname}] (-K), or use another key pair (-k)`,
      },
    )
  }
}

/** Makes the pair in EC2 and keeps its private half. Two programs at once: one makes it, the other takes what it made. */
async function makeKeyPair(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  wanted: WantedKey,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const privateKey = await createKeyPair(deps.aws.ec2, wanted.keyname, signal)
    await writeKey(wanted.location, privateKey)
    deps.log.info(`Made key pair ${wanted.keyname} (${wanted.location})`)
  } catch (error) {
    if (!isAwsError(error, 'InvalidKeyPair.Duplicate')) throw error
    if (!(await appears(wanted.location, signal))) throw missingFile(wanted, deps.aws.region.name)
  }
}

async function readKey({ keyname, location, ours }: WantedKey): Promise<string | undefined> {
  try {
    return await readFile(location, 'utf8')
  } catch (cause) {
    if (ours && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ClusterValidationError(
      `the private key of key pair ${keyname} cannot be read: ${(cause as Error).message}`,
      {
        cause,
        hint: `correct key_location in [key ${keyname}] (-K)`,
      },
    )
  }
}

/** Never seen half-written, and readable by its owner only from the first moment. */
async function writeKey(location: string, privateKey: string): Promise<void> {
  await mkdir(dirname(location), { recursive: true, mode: 0o700 })
  const temporary = `${location}.${process.pid}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(privateKey.endsWith('\n') ? privateKey : `${privateKey}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, location)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** True when the file is there within a moment: another program may have made the pair just now. */
async function appears(location: string, signal?: AbortSignal): Promise<boolean> {
  const probe = () =>
    access(location, constants.R_OK).then(
      () => true,
      () => undefined,
    )
  const wait = waitFor(`${location} to be written`, probe, {
    timeoutMs: 3000,
    intervalMs: 50,
    ...(signal ? { signal } : {}),
  })
  return wait.then(
    () => true,
    (error: unknown) => {
      if (signal?.aborted) throw error
      return false
    },
  )
}

function missingFile({ keyname, location }: WantedKey, region: string): KeyPairMismatch {
  return new KeyPairMismatch(
    `key pair ${keyname} exists in region ${region}, but its private key ${location} does not exist here`,
    {
      hint: `copy the file from where the pair was made, or use another key pair (-k), or delete this one (aws ec2 delete-key-pair --key-name ${keyname})`,
    },
  )
}

function ignoreDuplicate(error: unknown): void {
  if (!isAwsError(error, 'InvalidKeyPair.Duplicate')) throw error
}
