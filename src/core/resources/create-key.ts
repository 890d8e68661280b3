import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { describeKeyPair } from '../aws/key-pairs.js'
import type { StarClusterPaths } from '../paths.js'
import { SSHNoCredentialsError } from '../ssh/errors.js'
import { writeKeyFile } from '../ssh/key-file.js'
import { generateKeyPair, publicKeyOf } from '../ssh/keys.js'
import type { Asking, ResourceDeps } from './deps.js'
import { KeyFileRefused, KeyPairAlreadyExists } from './errors.js'

export interface CreateKeyOptions extends Asking {
  /** File for the private key, in a folder that exists; default: `<keys>/<region>/<name>.pem`, where clusters look for it. */
  readonly output?: string
  /** Nothing is made: the public half of this key, private or public, is told to EC2. */
  readonly importFile?: string
  readonly type?: 'ed25519' | 'rsa'
}

export interface CreatedKey {
  readonly name: string
  readonly fingerprint: string
  /** Of the private key; undefined when only a public one was imported. */
  readonly location?: string
}

/** EC2 takes 1024, 2048 and 4096. Source: EC2 User Guide, "Create a key pair and import the public key". */
const rsaBits = 4096

type Deps = Pick<ResourceDeps, 'aws'> & { readonly paths: StarClusterPaths }

/**
 * A new key pair. It is made here and its private half is written before EC2 hears of the public one, so that no pair is left
 * that nobody can use, and the private key never travels.
 * @throws KeyPairAlreadyExists, KeyFileRefused, SSHNoCredentialsError
 */
export async function createKey(deps: Deps, name: string, options: CreateKeyOptions = {}): Promise<CreatedKey> {
  const { importFile, output, signal } = options
  const region = deps.aws.region.name
  if (await describeKeyPair(deps.aws.ec2, name, signal)) throw alreadyExists(name, region)
  if (importFile !== undefined) return importKey(deps, name, importFile, signal)
  const location = output ?? defaultLocation(deps, name)
  if (output === undefined) await mkdir(dirname(location), { recursive: true, mode: 0o700 })
  const { privateKey, publicKey } = await generateKeyPair(options.type, name, { bits: rsaBits })
  if (!existsSync(dirname(location))) throw noFolder(location)
  if (!(await writeKeyFile(location, privateKey))) throw fileExists(location, name)
  try {
    return { name, location, fingerprint: await register(deps, name, publicKey, signal) }
  } catch (error) {
    if (isAwsError(error) || error instanceof KeyPairAlreadyExists) await rm(location, { force: true }) // EC2 does not have it
    throw error
  }
}

async function importKey(deps: Deps, name: string, file: string, signal?: AbortSignal): Promise<CreatedKey> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? `there is no file ${file}` : cause.message
    throw new SSHNoCredentialsError(`the key cannot be read: ${why}`, {
      cause,
      hint: 'give the file of a key you have: starcluster createkey NAME -i ~/.ssh/id_ed25519',
    })
  })
  const isPublic = /^(ssh-|ecdsa-)/.test(text.trim())
  const publicKey = isPublic ? text.trim() : await publicKeyOf(text)
  const fingerprint = await register(deps, name, publicKey, signal)
  return { name, fingerprint, ...(isPublic ? {} : { location: file }) }
}

async function register({ aws }: Deps, name: string, publicKey: string, signal?: AbortSignal): Promise<string> {
  try {
    const asked = { KeyName: name, PublicKeyMaterial: Buffer.from(publicKey) }
    const { KeyFingerprint = '' } = await aws.ec2.importKeyPair(asked, abortable(signal))
    return KeyFingerprint
  } catch (error) {
    if (isAwsError(error, 'InvalidKeyPair.Duplicate')) throw alreadyExists(name, aws.region.name)
    throw error
  }
}

/** Where clusters look for a key of that name. @throws KeyFileRefused for a name that cannot be a file's */
function defaultLocation({ aws, paths }: Deps, name: string): string {
  if (/^[^/\\]+$/.test(name) && !name.startsWith('.')) return join(paths.keys, aws.region.name, `${name}.pem`)
  throw new KeyFileRefused(`a key pair called ${JSON.stringify(name)} cannot have a file of its name`, {
    hint: 'say where its private key shall be with -o FILE, or use another name',
  })
}

function noFolder(location: string): KeyFileRefused {
  return new KeyFileRefused(`${location} cannot be written: its folder does not exist; no key pair was made`, {
    hint: `make it first: mkdir -p ${dirname(location)}`,
  })
}

function alreadyExists(name: string, region: string): KeyPairAlreadyExists {
  return new KeyPairAlreadyExists(`key pair ${name} exists in region ${region} already`, {
    hint: `use another name, or remove it first: starcluster removekey ${name}`,
  })
}

function fileExists(location: string, name: string): KeyFileRefused {
  return new KeyFileRefused(`${location} exists already and is left as it is; no key pair was made`, {
    hint: `if it is the private key you want: starcluster createkey ${name} -i ${location}`,
  })
}
