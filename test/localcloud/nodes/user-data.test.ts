import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readUserData } from '../../../src/localcloud/nodes/user-data.js'

const read = (text: string | Buffer) => {
  const { scripts, ...rest } = readUserData(Buffer.from(text))
  return { scripts: scripts.map(String), ...rest }
}

test('nothing gives nothing', () => {
  expect(readUserData(undefined)).toEqual({ scripts: [], authorizedKeys: [] })
  expect(read('')).toEqual({ scripts: [], authorizedKeys: [] })
})

test('a script is kept byte for byte, also when compressed', () => {
  const script = '#!/bin/bash\r\nprintf "\\xff" \n'
  expect(read(script).scripts).toEqual([script])
  expect(read(gzipSync(script)).scripts).toEqual([script])
})

test('cloud-config: keys, packages, commands as lines and as lists', () => {
  const config = `#cloud-config
disable_root: false
hostname: head
ssh_authorized_keys: ["ssh-ed25519 AAAA one"]
package_update: true
packages: [htop, [tree, 2.1-1]]
runcmd:
  - echo "a b" > /tmp/x
  - [touch, "it's here"]
`
  const { scripts, authorizedKeys, hostname, disableRoot } = read(config)
  expect(authorizedKeys).toEqual(['ssh-ed25519 AAAA one'])
  expect(hostname).toBe('head')
  expect(disableRoot).toBe(false)
  expect(scripts[0]).toContain("apt-get -q update\napt-get -qy install -- 'htop' 'tree=2.1-1'")
  expect(scripts[1]).toBe(`#!/bin/sh\necho "a b" > /tmp/x\n'touch' 'it'\\''s here'\n`)
})

test('write_files writes what it says, with mode', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sc-user-data-'))
  try {
    const path = join(dir, 'deep', "it's")
    const config = { write_files: [{ path, content: 'one\ntwo $HOME\n', permissions: '0640' }] }
    const { scripts } = read(`#cloud-config\n${JSON.stringify(config)}\n`)
    writeFileSync(join(dir, 'script'), scripts[0] ?? '', { mode: 0o700 })
    execFileSync(join(dir, 'script'))
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo $HOME\n')
    expect(statSync(path).mode & 0o777).toBe(0o640)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a multipart gives its parts in order', () => {
  const part = (type: string, body: string, more = '') =>
    `--=b1=\nContent-Type: ${type}; charset="utf-8"\nMIME-Version: 1.0\n${more}\n${body}\n`
  const text = `Content-Type: multipart/mixed; boundary="=b1="
MIME-Version: 1.0

${part('text/x-shellscript', '#!/bin/sh\necho one')}${part('text/cloud-config', '#cloud-config\nruncmd: [echo two]')}${part('text/x-shellscript', Buffer.from('#!/bin/sh\necho three\n').toString('base64'), 'Content-Transfer-Encoding: base64\n')}--=b1=--
`
  expect(read(text).scripts.map((script) => script.trim().split('\n').at(-1))).toEqual([
    'echo one',
    'echo two',
    'echo three',
  ])
})

test('what cannot be used says so on the console instead of failing the boot', () => {
  for (const text of [
    'just text',
    '#cloud-config\n{ not: [yaml',
    '#cloud-config\nswap: {size: 1}',
    Buffer.from([0x1f, 0x8b, 1, 2, 3]),
  ]) {
    const [script = ''] = read(text as string).scripts
    expect(script).toMatch(/^#!\/bin\/sh\necho 'user data.*>&2\n$/)
  }
})
