import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { AwsError } from '../../protocol/aws-error.js'

export interface PublicKeyMaterial {
  readonly type: 'rsa' | 'ed25519'
  /** The key as SSH sends it over the wire. */
  readonly blob: Buffer
  readonly key: KeyObject
}

export interface GeneratedKeyPair {
  /** What CreateKeyPair gives as KeyMaterial: PKCS#1 for RSA, OpenSSH's own format for Ed25519. */
  readonly privateKey: string
  readonly publicKey: PublicKeyMaterial
  readonly fingerprint: string
}

/**
 * Fingerprints are EC2's: SHA-1 of the PKCS#8 DER private key for RSA pairs made here, MD5 of the DER public key for RSA
 * keys brought along, padded base64 of SHA-256 of the SSH blob for Ed25519 in both cases.
 * Source: EC2 User Guide, "Verify the fingerprint of your key pair"
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html).
 */
export async function generate(type: 'rsa' | 'ed25519'): Promise<GeneratedKeyPair> {
  if (type === 'ed25519') {
    const pair = await generateEd25519()
    const publicKey = parsePublicKey(Buffer.from(pair.public))
    return { privateKey: pair.private, publicKey, fingerprint: importedFingerprint(publicKey) }
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const key = createPublicKey(createPrivateKey(privateKey.export({ type: 'pkcs1', format: 'pem' })))
  const digest = createHash('sha1')
    .update(privateKey.export({ type: 'pkcs8', format: 'der' }))
    .digest()
  return {
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trimEnd(),
    publicKey: { type: 'rsa', blob: rsaBlob(key), key },
    fingerprint: colonHex(digest),
  }
}

async function generateEd25519(): Promise<{ private: string; public: string }> {
  const { utils } = (await import('ssh2')).default
  for (;;) {
    const pair = utils.generateKeyPairSync('ed25519')
    // ssh2 1.17 drops a leading zero byte of the public key: one pair in 256 is unusable. Make another.
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

export function importedFingerprint({ type, blob, key }: PublicKeyMaterial): string {
  if (type === 'ed25519') return createHash('sha256').update(blob).digest('base64')
  return colonHex(
    createHash('md5')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest(),
  )
}

/** One line for authorized_keys. */
export function openSshLine({ type, blob }: PublicKeyMaterial, comment: string): string {
  return `${type === 'rsa' ? 'ssh-rsa' : 'ssh-ed25519'} ${blob.toString('base64')} ${comment}`
}

/**
 * OpenSSH's format, RFC 4716's, or the base64 of a DER RSA key.
 *
 * @throws AwsError InvalidKey.Format
 * Source: EC2 User Guide, "Create a key pair using a third-party tool and import the public key".
 */
export function parsePublicKey(material: Uint8Array): PublicKeyMaterial {
  const text = Buffer.from(material).toString('latin1').trim()
  const openSsh = /^(?:ssh-rsa|ssh-ed25519)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text)?.[1]
  try {
    if (openSsh !== undefined) return fromBlob(Buffer.from(openSsh, 'base64'))
    const rfc4716 = /^---- BEGIN SSH2 PUBLIC KEY ----\r?\n([\s\S]*?)\r?\n---- END SSH2 PUBLIC KEY ----$/.exec(text)?.[1]
    if (rfc4716 !== undefined) return fromBlob(Buffer.from(withoutHeaders(rfc4716), 'base64'))
    const key = createPublicKey({ key: Buffer.from(text.replace(/\s+/g, ''), 'base64'), format: 'der', type: 'spki' })
    return checkedRsa({ type: 'rsa', blob: rsaBlob(key), key })
  } catch (error) {
    if (error instanceof AwsError) throw error
    throw invalidFormat()
  }
}

const invalidFormat = () => new AwsError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format')

function fromBlob(blob: Buffer): PublicKeyMaterial {
  const [name, first, second] = fields(blob)
  const url = (part: Buffer | undefined) => (part ?? Buffer.alloc(0)).toString('base64url')
  if (name?.toString() === 'ssh-rsa') {
    const jwk = { kty: 'RSA', e: url(first), n: url(second?.[0] === 0 ? second.subarray(1) : second) }
    return checkedRsa({ type: 'rsa', blob, key: createPublicKey({ key: jwk, format: 'jwk' }) })
  }
  if (name?.toString() !== 'ssh-ed25519' || first?.length !== 32) throw invalidFormat()
  return {
    type: 'ed25519',
    blob,
    key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: url(first) }, format: 'jwk' }),
  }
}

function checkedRsa(material: PublicKeyMaterial): PublicKeyMaterial {
  const bits = material.key.asymmetricKeyDetails?.modulusLength
  if (bits !== 1024 && bits !== 2048 && bits !== 4096) {
    throw new AwsError('InvalidKey.Format', 'RSA keys must have a length of 1024, 2048 or 4096 bits')
  }
  return material
}

/** The length-prefixed strings of an SSH blob. */
function fields(blob: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < blob.length; ) {
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) throw invalidFormat()
    parts.push(blob.subarray(at + 4, end))
    at = end
  }
  return parts
}

function rsaBlob(key: KeyObject): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' })
  return Buffer.concat([field(Buffer.from('ssh-rsa')), field(mpint(e)), field(mpint(n))])
}

function field(content: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

/** A leading zero keeps the number positive. */
function mpint(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes
}

/** RFC 4716 headers are `Name: value`, continued after a backslash at the end of a line. */
function withoutHeaders(body: string): string {
  const lines = body.replace(/\\\r?\n/g, '').split(/\r?\n/)
  return lines.filter((line) => !line.includes(':')).join('')
}

const colonHex = (digest: Buffer) => (digest.toString('hex').match(/../g) ?? []).join(':')
