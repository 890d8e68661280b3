import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatHostKey, type HostKey, sha256Fingerprint } from '../../../src/core/ssh/host-keys.js'
import { KnownHosts } from '../../../src/core/ssh/known-hosts.js'
import {
  formatKnownHostsLine,
  hashHostName,
  knownHostsName,
  matchesHost,
  parseKnownHostsLine,
} from '../../../src/core/ssh/known-hosts-line.js'

let directory: string
let file: KnownHosts
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'starcluster-known-hosts-'))
  file = new KnownHosts(join(directory, 'deep', 'known_hosts'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function newKey(seed = randomBytes(32)): HostKey {
  const type = 'ssh-ed25519'
  const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  return { type, blob: Buffer.concat([part(Buffer.from(type)), part(seed)]) }
}

test('a pinned key is accepted, another refused with what to do, an unknown host refused', async () => {
  const [key, other] = [newKey(), newKey()]
  await file.pin('i-1', [key])
  const verifier = file.pinned('i-1', { name: 'master' })
  expect(await verifier.verify('1.2.3.4', 22022, key.blob)).toBe('ok')
  await expect(verifier.verify('1.2.3.4', 22, other.blob)).rejects.toMatchObject({
    code: 'HostKeyMismatch',
    message: expect.stringContaining(sha256Fingerprint(other.blob)),
    hint: expect.stringContaining(`ssh-keygen -R 'i-1' -f '${file.path}'`),
  })
  await expect(file.pinned('i-2').verify('h', 22, key.blob)).rejects.toMatchObject({ code: 'HostKeyUnknown' })
  expect(await verifier.knownKeyTypes?.('h', 22)).toEqual(['ssh-ed25519'])
})

test('trust on first use only when asked for, then never again', async () => {
  const [key, other] = [newKey(), newKey()]
  const verifier = file.pinned('i-1', { trustOnFirstUse: true })
  expect(await verifier.verify('h', 22, key.blob)).toBe('ok')
  await expect(verifier.verify('h', 22, other.blob)).rejects.toMatchObject({ code: 'HostKeyMismatch' })
  expect((await file.keysOf('i-1')).map(formatHostKey)).toEqual([formatHostKey(key)])
})

test('a fingerprint from the console lets its key in and no other', async () => {
  const [key, other] = [newKey(), newKey()]
  const verifier = file.pinned('i-1', { fingerprints: [sha256Fingerprint(key.blob)], trustOnFirstUse: true })
  await expect(verifier.verify('h', 22, other.blob)).rejects.toMatchObject({ code: 'HostKeyMismatch' })
  expect(await verifier.verify('h', 22, key.blob)).toBe('ok')
  expect(await file.pinned('i-1').verify('h', 22, key.blob)).toBe('ok')
})

test('pinning again replaces, keeps what others wrote, and writes nothing when nothing changes', async () => {
  const [one, two] = [newKey(), newKey()]
  await file.pin('other', [two])
  await writeFile(file.path, `# a comment\n\n${await readFile(file.path, 'utf8')}`)
  await file.pin('i-1', [one])
  const before = await stat(file.path, { bigint: true })
  await file.pin('i-1', [one])
  const unchanged = await stat(file.path, { bigint: true })
  expect([unchanged.ino, unchanged.mtimeNs]).toEqual([before.ino, before.mtimeNs])
  await file.pin('i-1', [two])
  expect(await readFile(file.path, 'utf8')).toBe(
    `# a comment\n\nother ${formatHostKey(two)}\ni-1 ${formatHostKey(two)}\n`,
  )
  expect(before.mode & 0o777n).toBe(0o600n)
  await file.forget('i-1', 'nobody')
  expect(await readFile(file.path, 'utf8')).toBe(`# a comment\n\nother ${formatHostKey(two)}\n`)
})

test('many writers at once lose nothing and leave nothing behind', { timeout: 60_000 }, async () => {
  const keys = Array.from({ length: 20 }, () => newKey())
  await Promise.all(keys.map((key, index) => new KnownHosts(file.path).pin(`i-${index}`, [key])))
  const names = (await file.lines()).map((line) => line.hosts).sort()
  expect(names).toEqual(keys.map((_, index) => `i-${index}`).sort())
  expect(await readdir(join(directory, 'deep'))).toEqual(['known_hosts'])
})

test('revoked keys are refused, authorities and broken lines passed over', async () => {
  const [key, other] = [newKey(), newKey()]
  await file.pin('x', [key])
  await writeFile(
    file.path,
    [
      `@revoked * ${formatHostKey(key)}`,
      `@cert-authority * ${formatHostKey(other)}`,
      'h ssh-rsa nonsense',
      `h ${formatHostKey(other)}`,
    ].join('\n'),
  )
  const verifier = file.byAddress()
  await expect(verifier.verify('h', 22, key.blob)).rejects.toThrow('revoked')
  expect(await verifier.verify('H', 22, other.blob)).toBe('ok')
  await expect(verifier.verify('other', 22, other.blob)).rejects.toMatchObject({ code: 'HostKeyUnknown' })
})

test('what is written is read again', () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant('i-0123456789abcdef0'))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(host, fc.oneof(fc.constant(22), fc.nat(65535))), { minLength: 1, maxLength: 4 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.option(fc.constantFrom('@revoked' as const, '@cert-authority' as const)),
      (hosts, seed, marker) => {
        const names = hosts.map(([name, port]) => knownHostsName(name, port))
        const line = { ...(marker ? { marker } : {}), hosts: names.join(','), key: newKey(Buffer.from(seed)) }
        expect(parseKnownHostsLine(formatKnownHostsLine(line))).toEqual(line)
        for (const name of names) {
          expect(matchesHost(line, name)).toBe(true)
          expect(matchesHost({ hosts: hashHostName(name, randomBytes(20)) }, name)).toBe(true)
          expect(matchesHost({ hosts: hashHostName(name, randomBytes(20)) }, `${name}x`)).toBe(false)
        }
      },
    ),
  )
})

test.each([
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com,!secret.example.com', 'secret.example.com', false],
  ['node00?', 'node001', true],
  ['a.b', 'axb', false],
  ['[h]:2222', '[h]:2222', true],
])('pattern %s and %s', (hosts, name, matches) => {
  expect(matchesHost({ hosts }, name)).toBe(matches)
})

test('ssh-keygen finds what we wrote, and we find what it hashed', async () => {
  const key = newKey()
  await file.pin(knownHostsName('10.78.0.4', 22022), [key])
  await file.pin('master', [key])
  const find = (name: string) => execFileSync('ssh-keygen', ['-F', name, '-f', file.path]).toString()
  expect(find('[10.78.0.4]:22022')).toContain(formatHostKey(key))
  execFileSync('ssh-keygen', ['-H', '-f', file.path], { stdio: 'ignore' })
  expect(await readFile(file.path, 'utf8')).not.toContain('master')
  expect((await file.keysOf('master')).map(formatHostKey)).toEqual([formatHostKey(key)])
  expect(await file.byAddress().verify('10.78.0.4', 22022, key.blob)).toBe('ok')
  await file.forget('master')
  expect(await file.keysOf('master')).toEqual([])
})
