import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { isAwsError } from './errors.js'

/** A key pair as EC2 knows it. */
export interface KeyPair {
  readonly name: string
  /** In authorized_keys form; undefined for pairs made before EC2 kept it. */
  readonly publicKey?: string
  readonly fingerprint?: string
}

/** The key pair of that name, or undefined. */
export async function describeKeyPair(
  ec2: Pick<EC2, 'describeKeyPairs'>,
  name: string,
  signal?: AbortSignal,
): Promise<KeyPair | undefined> {
  try {
    const { KeyPairs } = await ec2.describeKeyPairs({ KeyNames: [name], IncludePublicKey: true }, abortable(signal))
    const found = KeyPairs?.[0]
    if (!found) return undefined
    return {
      name,
      ...(found.PublicKey ? { publicKey: found.PublicKey } : {}),
      ...(found.KeyFingerprint ? { fingerprint: found.KeyFingerprint } : {}),
    }
  } catch (error) {
    if (isAwsError(error, 'InvalidKeyPair.NotFound')) return undefined
    throw error
  }
}

/** Tag of key pairs whose private half StarCluster made. */
const madeTag = 'starcluster:made'

/** Names of the key pairs that StarCluster made in the region. */
export async function describeOwnKeyPairs(ec2: Pick<EC2, 'describeKeyPairs'>, signal?: AbortSignal): Promise<string[]> {
  const Filters = [{ Name: 'tag-key', Values: [madeTag] }]
  const { KeyPairs = [] } = await ec2.describeKeyPairs({ Filters }, abortable(signal))
  return KeyPairs.flatMap(({ KeyName }) => KeyName ?? [])
}

/** Registers a public key (authorized_keys form) under a name. `made`: StarCluster made the pair, which a tag says. */
export async function importKeyPair(
  ec2: Pick<EC2, 'importKeyPair'>,
  name: string,
  publicKey: string,
  { made = false, signal }: { readonly made?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const tags = { TagSpecifications: [{ ResourceType: 'key-pair' as const, Tags: [{ Key: madeTag, Value: 'true' }] }] }
  const input = { KeyName: name, PublicKeyMaterial: Buffer.from(publicKey), ...(made ? tags : {}) }
  await ec2.importKeyPair(input, abortable(signal))
}

/** True when two public keys in authorized_keys form are the same key, whatever their comments. */
export function samePublicKey(one: string, other: string): boolean {
  const [type, body] = one.trim().split(/\s+/)
  const [otherType, otherBody] = other.trim().split(/\s+/)
  return type === otherType && body === otherBody && body !== undefined
}
