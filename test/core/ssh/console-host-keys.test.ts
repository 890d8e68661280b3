import { expect, test } from 'vitest'
import { parseConsoleHostKeys } from '../../../src/core/ssh/console-host-keys.js'
import { formatHostKey, sha256Fingerprint } from '../../../src/core/ssh/host-keys.js'
import { generateKeyPair, publicKeyBlob } from '../../../src/core/ssh/keys.js'

async function publicKey(): Promise<string> {
  return (await generateKeyPair('ed25519')).publicKey.trim()
}

test("cloud-init's blocks are read whatever stands before each line", async () => {
  const key = await publicKey()
  const print = sha256Fingerprint(publicKeyBlob(key))
  const text = [
    'ci-info: | ssh-rsa | SHA256:OTHEROTHEROTHEROTHEROTHEROTHEROTHEROTHEROTHE | - | me |',
    '<14>Nov 22 10:00:00 cloud-init: #############################################################',
    '<14>Nov 22 10:00:00 cloud-init: -----BEGIN SSH HOST KEY FINGERPRINTS-----',
    `<14>Nov 22 10:00:00 cloud-init: 256 ${print} root@ip-10-0-0-1 (ED25519)`,
    'ec2: 1024 aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99 root@old (DSA)',
    '<14>Nov 22 10:00:00 cloud-init: -----END SSH HOST KEY FINGERPRINTS-----',
    '-----BEGIN SSH HOST KEY KEYS-----',
    `[   12.345678] cloud-init[412]: ${key} root@ip-10-0-0-1`,
    'ssh-rsa brokenbase64 root@x',
    '-----END SSH HOST KEY KEYS-----',
  ].join('\r\n')
  const found = parseConsoleHostKeys(text)
  expect(found.keys.map(formatHostKey)).toEqual([key])
  expect(found.fingerprints).toEqual([print, 'MD5:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99'])
})

test('the last complete block counts: a stopped and started instance prints again', async () => {
  const [first, second, third] = await Promise.all([publicKey(), publicKey(), publicKey()])
  const block = (key: string) => `-----BEGIN SSH HOST KEY KEYS-----\n${key}\n-----END SSH HOST KEY KEYS-----\n`
  const text = `${block(first)}boot\n${block(second)}boot\n-----BEGIN SSH HOST KEY KEYS-----\n${third}\n`
  expect(parseConsoleHostKeys(text).keys.map(formatHostKey)).toEqual([second])
})

test('nothing yet', () => {
  expect(parseConsoleHostKeys('')).toEqual({ keys: [], fingerprints: [] })
  expect(parseConsoleHostKeys('-----BEGIN SSH HOST KEY KEYS-----\nssh-rsa AAAA')).toEqual({
    keys: [],
    fingerprints: [],
  })
})
