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

/** Registers a public key (authorized_keys form) under a name. */
export async function importKeyPair(
  ec2: Pick<EC2, 'importKeyPair'>,
  name: string,
  publicKey: string,
  signal?: AbortSignal,
): Promise<void> {
  await ec2.importKeyPair({ KeyName: name, PublicKeyMaterial: Buffer.from(publicKey) }, abortable(signal))
}

/** True when two public keys in authorized_keys form are the same key, whatever their comments. */
export function samePublicKey(one: string, other: string): boolean {
  const [type, body] = one.trim().split(/\s+/)
  const [otherType, otherBody] = other.trim().split(/\s+/)
  return type === otherType && body === otherBody && body !== undefined
}
