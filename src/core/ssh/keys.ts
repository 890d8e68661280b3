import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { SSHNoCredentialsError } from './errors.js'
import { colons, parseHostKey } from './host-keys.js'

export interface KeyPair {
  /** OpenSSH format, unencrypted. Secret: files of it are 0600, logs never have it. */
  readonly privateKey: string
  /** One line as in authorized_keys. */
  readonly publicKey: string
}

/** A new key pair. rsa has 3072 bits, as ssh-keygen makes today (some hundred milliseconds); ed25519 takes a few. */
export async function generateKeyPair(
  type: 'ed25519' | 'rsa' = 'ed25519',
  comment = '',
  { bits = 3072 }: { readonly bits?: number } = {},
): Promise<KeyPair> {
  const { utils } = (await import('ssh2')).default
  for (;;) {
    const pair = await new Promise<{ private: string; public: string }>((resolve, reject) => {
      const done = (error: Error | null, made: typeof pair) => (error ? reject(error) : resolve(made))
      if (type === 'rsa') utils.generateKeyPair('rsa', { bits, comment }, done)
      else utils.generateKeyPair('ed25519', { comment }, done)
    })
    // ssh2 1.17 drops a leading zero byte of an ed25519 public key: one pair in 256 is unusable. Make another.
    if (!(utils.parseKey(pair.private) instanceof Error)) return { privateKey: pair.private, publicKey: pair.public }
  }
}

/**
 * The public key (`ssh-ed25519 AAAA...`) of a private key in OpenSSH, PKCS#1 or PKCS#8 format.
 * @throws SSHNoCredentialsError when it is no private key or needs a passphrase.
 */
export async function publicKeyOf(privateKey: string | Buffer): Promise<string> {
  const key = await parsePrivateKey(privateKey)
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}

/**
 * The fingerprints EC2 may list for a key pair, see "ImportKeyPair" and "CreateKeyPair" in the EC2 API reference:
 * rsa: created there = sha1 of the private key (PKCS#8 DER), imported = md5 of the public key (DER), both as aa:bb:...;
 * ed25519 = sha256 of the public key, base64 with padding.
 */
export async function ec2Fingerprints(privateKey: string | Buffer): Promise<{ created: string; imported: string }> {
  const key = await parsePrivateKey(privateKey)
  if (key.type === 'ssh-ed25519') {
    const sha256 = createHash('sha256').update(key.getPublicSSH()).digest('base64')
    return { created: sha256, imported: sha256 }
  }
  const secret = createPrivateKey(key.getPrivatePEM())
  return {
    created: colons(createHash('sha1').update(der(secret, 'pkcs8')).digest()),
    imported: colons(
      createHash('md5')
        .update(der(createPublicKey(secret), 'spki'))
        .digest(),
    ),
  }
}

/** The blob inside a public key line, for `sha256Fingerprint` and `md5Fingerprint`. */
export function publicKeyBlob(publicKey: string): Buffer {
  const key = parseHostKey(publicKey)
  if (!key) throw new SSHNoCredentialsError('this is no ssh public key', { hint: 'one line: type, base64, comment' })
  return key.blob
}

async function parsePrivateKey(privateKey: string | Buffer) {
  const { utils } = (await import('ssh2')).default
  const parsed = utils.parseKey(privateKey)
  // OpenSSH files may hold several keys; ssh2's types do not say so
  const key = Array.isArray(parsed) ? (parsed[0] as typeof parsed) : parsed
  if (key instanceof Error)
    throw new SSHNoCredentialsError(`the private key cannot be used: ${key.message}`, {
      cause: key,
      hint: 'give an unencrypted OpenSSH or PEM private key; ssh-keygen -p takes a passphrase away',
    })
  if (!key.isPrivateKey()) throw new SSHNoCredentialsError('this is a public key, a private one is needed')
  return key
}

function der(key: KeyObject, type: 'pkcs8' | 'spki'): Buffer {
  return key.export({ type, format: 'der' } as never) as unknown as Buffer
}
