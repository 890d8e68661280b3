import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { md5Fingerprint, sha256Fingerprint } from '../../../src/core/ssh/host-keys.js'
import { ec2Fingerprints, generateKeyPair, publicKeyBlob, publicKeyOf } from '../../../src/core/ssh/keys.js'

const directory = mkdtempSync(join(tmpdir(), 'starcluster-keys-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function file(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

function sshKeygen(...args: string[]): string {
  return execFileSync('ssh-keygen', args).toString().trim()
}

for (const type of ['ed25519', 'rsa'] as const)
  test(`a generated ${type} key is one for OpenSSH`, { timeout: 60_000 }, async () => {
    const pair = await generateKeyPair(type, 'starcluster test')
    const path = file(type, pair.privateKey)
    const [kind, base64] = sshKeygen('-y', '-f', path).split(' ')
    expect(pair.publicKey.trim()).toBe(`${kind} ${base64} starcluster test`)
    expect(await publicKeyOf(pair.privateKey)).toBe(`${kind} ${base64}`)
    const blob = publicKeyBlob(pair.publicKey)
    expect(sshKeygen('-l', '-f', path)).toContain(` ${sha256Fingerprint(blob)} `)
    expect(sshKeygen('-l', '-E', 'md5', '-f', path)).toContain(` ${md5Fingerprint(blob)} `)
  })

test("EC2's fingerprints are those of openssl", { timeout: 60_000 }, async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const pem = privateKey.export({ type, format: 'pem' }).toString()
    const path = file(`rsa-${type}`, pem)
    const openssl = (command: string) =>
      execFileSync('/bin/sh', ['-c', command, 'sh', path]).toString().trim().split(' ').pop()
    // as "Verify the fingerprint of your key pair" in the EC2 user guide does
    const created = openssl('openssl pkcs8 -in "$1" -inform PEM -outform DER -topk8 -nocrypt | openssl sha1 -c')
    const imported = openssl('openssl rsa -in "$1" -pubout -outform DER 2>/dev/null | openssl md5 -c')
    if (type === 'pkcs1') expect(await ec2Fingerprints(pem)).toEqual({ created, imported })
  }
  const pair = await generateKeyPair('ed25519')
  const { created } = await ec2Fingerprints(pair.privateKey)
  expect(`SHA256:${created.replace(/=+$/, '')}`).toBe(sha256Fingerprint(publicKeyBlob(pair.publicKey)))
})

test('what is no usable private key is said so', async () => {
  await expect(publicKeyOf('garbage')).rejects.toMatchObject({ code: 'SSHNoCredentialsError' })
  await expect(publicKeyOf((await generateKeyPair()).publicKey)).rejects.toMatchObject({
    code: 'SSHNoCredentialsError',
  })
  const path = file('encrypted', '')
  rmSync(path)
  sshKeygen('-q', '-t', 'ed25519', '-N', 'secret', '-f', path)
  const text = execFileSync('cat', [path]).toString()
  await expect(publicKeyOf(text)).rejects.toMatchObject({ code: 'SSHNoCredentialsError' })
  expect(() => publicKeyBlob('ssh-rsa AAAA')).toThrow('no ssh public key')
})

test('every one of many ed25519 pairs is usable', async () => {
  for (let i = 0; i < 1_000; i++) {
    const { privateKey, publicKey } = await generateKeyPair('ed25519')
    expect(publicKey.startsWith(await publicKeyOf(privateKey))).toBe(true)
  }
})
