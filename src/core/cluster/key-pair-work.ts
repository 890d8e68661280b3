import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isAwsError, KeyPairMismatch } from '../aws/errors.js'
import { describeKeyPair, importKeyPair, type KeyPair, samePublicKey } from '../aws/key-pairs.js'
import { writeKeyFile } from '../ssh/key-file.js'
import { generateKeyPair, publicKeyOf } from '../ssh/keys.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError } from './errors.js'

export interface WantedKey {
  readonly keyname: string
  /** Private key file. */
  readonly location: string
  /** We may make the pair and the file: the location is ours. */
  readonly ours: boolean
}

/** What there is to do until the key pair exists in the region and we hold its private half. */
export interface KeyPairWork {
  readonly what: 'none' | 'import' | 'make'
  carryOut(): Promise<void>
}

export const nothingToDo: KeyPairWork = { what: 'none', carryOut: async () => undefined }

/**
 * Looks at a key pair and changes nothing. A pair whose file we have is to be imported, a pair of ours that exists nowhere
 * is to be made.
 *
 * @throws KeyPairMismatch, ClusterValidationError
 */
export async function keyPairWork(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  wanted: WantedKey,
  signal?: AbortSignal,
): Promise<KeyPairWork> {
  const { keyname, location } = wanted
  const { ec2 } = deps.aws
  const [pair, privateKey] = await Promise.all([describeKeyPair(ec2, keyname, signal), readKey(wanted)])
  if (privateKey === undefined) {
    // Its file is there before the pair is: it may have been made while we asked.
    if (pair && (await readKey(wanted)) === undefined) throw missingFile(wanted, deps.aws.region.name)
    if (pair) return keyPairWork(deps, wanted, signal)
    const make = async () => {
      await makeKeyPair(deps, wanted)
      await (await keyPairWork(deps, wanted, signal)).carryOut()
    }
    return { what: 'make', carryOut: make }
  }
  const publicKey = await publicKeyOf(privateKey)
  if (pair) {
    checkSame(pair)
    return nothingToDo
  }
  const carryOut = async () => {
    const other = await imported(deps, wanted, publicKey, signal)
    if (other) checkSame(other)
  }
  return { what: 'import', carryOut }

  function checkSame({ publicKey: known }: KeyPair): void {
    if (known === undefined || samePublicKey(known, publicKey)) return
    throw new KeyPairMismatch(
      `${location} is not the private key of key pair ${keyname} in region ${deps.aws.region.name}`,
      {
        hint: `correct key_location in [key ${keyname}] (-K), or use another key pair (-k)`,
      },
    )
  }
}

/** Tells EC2 the public key. @returns the pair of that name that somebody else made meanwhile */
async function imported(
  { aws, log }: Pick<ClusterDeps, 'aws' | 'log'>,
  { keyname, location, ours }: WantedKey,
  publicKey: string,
  signal?: AbortSignal,
): Promise<KeyPair | undefined> {
  log.info(`Importing key pair ${keyname} (public half of ${location})`)
  try {
    await importKeyPair(aws.ec2, keyname, publicKey, { made: ours, signal })
    return undefined
  } catch (error) {
    if (!isAwsError(error, 'InvalidKeyPair.Duplicate')) throw error
    return describeKeyPair(aws.ec2, keyname, signal)
  }
}

/**
 * Makes the pair here and keeps its private half before EC2 hears of the public one: whatever ends the program in between,
 * no pair is left that nobody can use. Two programs at once: the second finds the file of the first.
 */
async function makeKeyPair(deps: Pick<ClusterDeps, 'log'>, { keyname, location }: WantedKey): Promise<void> {
  const { privateKey } = await generateKeyPair('ed25519', keyname)
  await mkdir(dirname(location), { recursive: true, mode: 0o700 })
  if (await writeKeyFile(location, privateKey)) deps.log.info(`Made key pair ${keyname} (${location})`)
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

function missingFile({ keyname, location }: WantedKey, region: string): KeyPairMismatch {
  return new KeyPairMismatch(
    `key pair ${keyname} exists in region ${region}, but its private key ${location} does not exist here`,
    {
      hint: `copy the file from where the pair was made, or use another key pair (-k), or delete this one (aws ec2 delete-key-pair --key-name ${keyname})`,
    },
  )
}
