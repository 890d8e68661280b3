import { expect, test } from 'vitest'
import { releaseOf } from '../../../src/core/resources/public-images.js'

/** Names as their publishers give them. */
test.each([
  ['Debian', 'debian-12-amd64-20251006-2257', 'debian-12-amd64-20260112-2355'],
  [
    'Ubuntu',
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250821',
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101.1',
  ],
  ['Amazon Linux', 'al2023-ami-2023.8.20250818.0-kernel-6.1-x86_64', 'al2023-ami-2023.9.20251208.0-kernel-6.1-x86_64'],
  ['Amazon Linux', 'amzn2-ami-hvm-2.0.20250108.0-x86_64-gp2', 'amzn2-ami-hvm-2.0.20251110.1-x86_64-gp2'],
])('%s: %s and %s are of one release', (publisher, one, other) => {
  expect(releaseOf({ publisher, name: one })).toBe(releaseOf({ publisher, name: other }))
})

test.each([
  ['debian-12-amd64-20251006-2257', 'debian-13-amd64-20251006-2257'],
  ['debian-12-amd64-20251006-2257', 'debian-12-backports-amd64-20251006-2257'],
  ['al2023-ami-2023.9.20251208.0-kernel-6.1-x86_64', 'al2023-ami-2023.9.20251208.0-kernel-6.12-x86_64'],
  [
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250821',
    'ubuntu/images/hvm-ssd-gp3/ubuntu-jammy-22.04-amd64-server-20250821',
  ],
])('%s and %s are not', (one, other) => {
  expect(releaseOf({ publisher: 'p', name: one })).not.toBe(releaseOf({ publisher: 'p', name: other }))
})
