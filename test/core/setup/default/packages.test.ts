import { expect, test } from 'vitest'
import { packageSteps } from '../../../../src/core/setup/default/packages.js'

const commands = (...facts: Parameters<typeof packageSteps>) =>
  packageSteps(...facts).map(({ command }) => command.text)

test('Debian: its packages of the programs, and lists when they are old', () => {
  const missing = ['mount.nfs', 'exportfs', 'csh']
  expect(commands({ missing, apt: 'stale' })).toEqual([
    'sc_apt_update',
    'sc_apt install -- nfs-common nfs-kernel-server csh',
  ])
  expect(commands({ missing: [], apt: 'fresh' })).toEqual([])
})

test('Amazon Linux and its kin: other names, one package for both sides of NFS', () => {
  expect(commands({ missing: ['mount.nfs', 'exportfs', 'csh', 'zsh'], apt: 'none' })).toEqual([
    '$(command -v dnf || command -v yum) -q -y install -- nfs-utils tcsh zsh',
  ])
  expect(commands({ missing: [], apt: 'none' })).toEqual([])
})
