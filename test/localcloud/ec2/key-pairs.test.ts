import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { refused, testCloud } from './support.js'

const dir = mkdtempSync(join(tmpdir(), 'starcluster-keys-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** OpenSSH's own opinion of a private key. */
function publicHalf(name: string, privateKey: string): string {
  const file = join(dir, name)
  writeFileSync(file, `${privateKey}\n`, { mode: 0o600 })
  return execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' ').trim()
}

test.each(['ed25519', 'rsa'] as const)(
  'a created %s pair is one OpenSSH takes, with the fingerprint of EC2',
  async (KeyType) => {
    const { ec2 } = testCloud()
    const made = await ec2.createKeyPair({ KeyName: 'mine', KeyType })
    const material = made.KeyMaterial ?? ''
    const { KeyPairs: [described] = [] } = await ec2.describeKeyPairs({ KeyNames: ['mine'], IncludePublicKey: true })
    expect(described).toMatchObject({
      KeyName: 'mine',
      KeyType,
      KeyPairId: made.KeyPairId,
      KeyFingerprint: made.KeyFingerprint,
    })
    const half = publicHalf(`created-${KeyType}`, material.trimEnd())
    expect(described?.PublicKey).toBe(`${half} mine`)
    if (KeyType === 'rsa') {
      expect(material).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/)
      const der = createPrivateKey(material).export({ type: 'pkcs8', format: 'der' })
      expect(made.KeyFingerprint?.replaceAll(':', '')).toBe(createHash('sha1').update(der).digest('hex'))
    } else {
      expect(material).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/)
      const blob = Buffer.from(half.split(' ')[1] ?? '', 'base64')
      expect(made.KeyFingerprint).toBe(createHash('sha256').update(blob).digest('base64'))
    }
  },
)

test.each([
  ['ed25519', []],
  ['rsa', ['-b', '2048']],
])('an imported %s key of ssh-keygen has the fingerprint of EC2', async (type, options) => {
  const { ec2 } = testCloud()
  const file = join(dir, `imported-${type}`)
  execFileSync('ssh-keygen', ['-q', '-t', type, ...options, '-N', '', '-C', 'a comment', '-f', file])
  const line = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' })
  const made = await ec2.importKeyPair({ KeyName: 'k', PublicKeyMaterial: Buffer.from(line) })
  if (type === 'ed25519') {
    const shown = execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' })
    expect(shown).toContain(`SHA256:${made.KeyFingerprint?.replace(/=+$/, '')} `)
  } else {
    const pem = execFileSync('ssh-keygen', ['-e', '-m', 'PKCS8', '-f', file], { encoding: 'utf8' })
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    expect(made.KeyFingerprint?.replaceAll(':', '')).toBe(createHash('md5').update(der).digest('hex'))
    const again = await ec2.importKeyPair({ KeyName: 'der', PublicKeyMaterial: Buffer.from(der.toString('base64')) })
    expect(again.KeyFingerprint).toBe(made.KeyFingerprint)
  }
  const rfc4716 = execFileSync('ssh-keygen', ['-e', '-m', 'RFC4716', '-f', file])
  const third = await ec2.importKeyPair({ KeyName: 'rfc', PublicKeyMaterial: rfc4716 })
  expect(third.KeyFingerprint).toBe(made.KeyFingerprint)
})

test('names are unique, unknown ones are told, deleting twice is no error', async () => {
  const { ec2, cloud } = testCloud()
  const KeyName = 'k'
  await expect(ec2.createKeyPair({ KeyName, DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
  expect(cloud.state.ec2.keyPairs).toEqual({})
  const tags = [{ ResourceType: 'key-pair' as const, Tags: [{ Key: 'a', Value: 'b' }] }]
  const made = await ec2.createKeyPair({ KeyName, KeyType: 'ed25519', TagSpecifications: tags })
  expect(made.Tags).toEqual([{ Key: 'a', Value: 'b' }])
  expect(JSON.stringify(cloud.state)).not.toContain('PRIVATE')
  await expect(ec2.createKeyPair({ KeyName })).rejects.toMatchObject(refused('InvalidKeyPair.Duplicate', "'k'"))
  await expect(ec2.importKeyPair({ KeyName, PublicKeyMaterial: Buffer.from('x') })).rejects.toMatchObject(
    refused('InvalidKeyPair.Duplicate'),
  )
  await expect(ec2.importKeyPair({ KeyName: 'x', PublicKeyMaterial: Buffer.from('junk') })).rejects.toMatchObject(
    refused('InvalidKey.Format'),
  )
  await expect(ec2.createKeyPair({ KeyName: 'y', KeyType: 'dsa' as never })).rejects.toMatchObject(
    refused('InvalidParameterValue'),
  )
  await expect(ec2.describeKeyPairs({ KeyNames: ['none'] })).rejects.toMatchObject(
    refused('InvalidKeyPair.NotFound', "'none'"),
  )
  expect((await ec2.describeKeyPairs({ Filters: [{ Name: 'tag:a', Values: ['b'] }] })).KeyPairs).toHaveLength(1)
  expect((await ec2.describeKeyPairs({})).KeyPairs?.[0]?.PublicKey).toBeUndefined()
  expect(await ec2.deleteKeyPair({ KeyName })).toMatchObject({ Return: true, KeyPairId: made.KeyPairId })
  expect(await ec2.deleteKeyPair({ KeyName })).toMatchObject({ Return: true })
  expect(cloud.state.ec2.tags).toEqual({})
})

test('of two requests for one name at once, one wins', async () => {
  const { ec2, cloud } = testCloud()
  const results = await Promise.allSettled([1, 2, 3].map(() => ec2.createKeyPair({ KeyName: 'k' })))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  expect(Object.keys(cloud.state.ec2.keyPairs)).toHaveLength(1)
})
