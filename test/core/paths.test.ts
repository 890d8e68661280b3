import { expect, test } from 'vitest'
import { expandPath, starclusterPaths } from '../../src/core/paths.js'

test('everything of a user lies below HOME', () => {
  const paths = starclusterPaths({ HOME: '/h' })
  expect(paths).toEqual({
    home: '/h',
    dir: '/h/.starcluster',
    configFiles: ['/h/.starclusterrc', '/h/.starcluster/config'],
    plugins: '/h/.starcluster/plugins',
    logs: '/h/.starcluster/logs',
    debugLog: '/h/.starcluster/logs/debug.log',
    keys: '/h/.starcluster/keys',
    knownHosts: '/h/.starcluster/known_hosts',
    userKnownHosts: '/h/.ssh/known_hosts',
    sshConfig: '/h/.starcluster/ssh_config',
    knownHostsDir: '/h/.starcluster/known_hosts.d',
    history: '/h/.starcluster/shell_history',
  })
})

const braced = (name: string) => `$\{${name}}`

test.each([
  ['~', '/h'],
  ['~/x', '/h/x'],
  ['~other/x', '~other/x'],
  ['a~/x', 'a~/x'],
  ['$HOME/x', '/h/x'],
  [`${braced('A')}b/$A`, '1b/1'],
  [`$NOPE/${braced('NOPE')}/$`, `$NOPE/${braced('NOPE')}/$`],
  ['/plain', '/plain'],
])('expandPath(%j)', (path, expanded) => {
  expect(expandPath(path, { HOME: '/h', A: '1' })).toBe(expanded)
})
