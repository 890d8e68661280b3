import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExports, parseHosts, parseMemoryMiB, parseMounts } from '../../../src/core/node/facts.js'
import { exportsStep, knownHostsLines } from '../../../src/core/node/scripts/steps.js'

test('mounts with blanks in their paths are read', () => {
  const text = 'master:/home /home nfs4 rw,relatime,vers=4.2 0 0\n/dev/sda1 /my\\040disk ext4 rw 0 1\n'
  expect(parseMounts(text)).toEqual([
    { device: 'master:/home', path: '/home', type: 'nfs4', options: ['rw', 'relatime', 'vers=4.2'] },
    { device: '/dev/sda1', path: '/my disk', type: 'ext4', options: ['rw'] },
  ])
})

test('memory is told in MiB', () => {
  expect(parseMemoryMiB('MemTotal:        2097152 kB\nMemFree: 1 kB\n')).toBe(2048)
})

test('hosts entries are read without their comments', () => {
  const address = fc.ipV4()
  const names = fc.array(fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(address, names)), (entries) => {
      const text = entries.map(([a, n]) => `${a}\t${n.join(' ')} # note\n#${a} gone\n`).join('\n')
      expect(parseHosts(text)).toEqual(entries.map(([a, n]) => ({ address: a, names: n })))
    }),
  )
})

test('the exports we write are read back, a line for each client', () => {
  const clients = ['10.0.0.1', '10.0.0.2']
  const { command } = exportsStep('/home', clients)
  const text = command.text.split("'").find((part) => part.includes('(')) ?? ''
  expect(parseExports(text)).toEqual(
    clients.map((host) => ({
      path: '/home',
      clients: [{ host, options: ['async', 'no_root_squash', 'no_subtree_check', 'rw'] }],
    })),
  )
})

test('host keys are known under every name of a node, without their comments', () => {
  const peer = {
    alias: 'node001',
    privateIp: '10.0.0.2',
    privateNames: ['ip-10-0-0-2'],
    hostKeys: ['ssh-ed25519 AAAA root@x'],
  }
  expect(knownHostsLines([peer])).toBe('node001,10.0.0.2,ip-10-0-0-2 ssh-ed25519 AAAA\n')
})
