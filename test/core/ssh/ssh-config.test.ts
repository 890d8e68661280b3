import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSshConfigFile, sshConfigFile, sshConfigText } from '../../../src/core/ssh/ssh-config.js'

const login = {
  host: '10.0.0.7',
  port: 22,
  user: 'root',
  keyFile: '/home/a b/k%.pem',
  knownHostsFile: '/kh',
  hostKeyAlias: 'i-1',
}
const jump = { host: 'gate', port: 2222, user: 'me', keyFile: '/k.pem', knownHostsFile: '/mine' }

test('a host by its name, with key and pinned host key', () => {
  expect(sshConfigText('c', [{ name: 'c-node001', login }])).toBe(`Host c-node001
  HostName 10.0.0.7
  Port 22
  User root
  StrictHostKeyChecking yes
  UserKnownHostsFile "/kh"
  GlobalKnownHostsFile /dev/null
  HostKeyAlias i-1
  CheckHostIP no
  UpdateHostKeys no
  IdentityFile "/home/a b/k%%.pem"
  IdentitiesOnly yes
  PasswordAuthentication no
`)
})

test('a jump host has an entry that the others go through', () => {
  const text = sshConfigText('c', [
    { name: 'c-master', login: { ...login, jump } },
    { name: 'c-node001', login: { ...login, jump } },
  ])
  expect(text.match(/^Host .*|^ {2}(HostName|Port|User|ProxyJump) .*/gm)).toEqual([
    ...['Host c-jump-host', '  HostName gate', '  Port 2222', '  User me'],
    ...['Host c-master', '  HostName 10.0.0.7', '  Port 22', '  User root', '  ProxyJump c-jump-host'],
    ...['Host c-node001', '  HostName 10.0.0.7', '  Port 22', '  User root', '  ProxyJump c-jump-host'],
  ])
})

test('what was written is read again', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/)
  const section = fc.record({
    region: fc.constantFrom('local', 'us-east-1', 'eu-west-3'),
    tag: name,
    text: name.map((host) => `Host ${host}\n  Port 1\n`),
  })
  const key = (one: { region: string; tag: string }) => `${one.region} ${one.tag}`
  fc.assert(
    fc.property(fc.uniqueArray(section, { selector: key, maxLength: 6 }), (sections) => {
      const read = readSshConfigFile(sshConfigFile(sections))
      expect(read).toEqual([...sections].sort((a, b) => (key(a) < key(b) ? -1 : 1)))
      expect(sshConfigFile(read)).toBe(sshConfigFile(sections))
    }),
  )
})
