import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { guestDir, netdArguments } from '../../../src/localcloud/nodes/guest-dir.js'
import { identify, isAlive } from '../../../src/localcloud/nodes/process-identity.js'
import { claimForHome, claimPublicNet } from '../../../src/localcloud/nodes/public-net.js'
import { decodeLine, encodeLine } from '../../../src/localcloud/nodes/supervisor-wire.js'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sc-parts-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a line of the supervisor holds any text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'binary' })), (fields) => {
      const line = encodeLine('word', fields)
      expect(line.trimEnd().includes('\n')).toBe(false)
      expect(decodeLine(line.slice(0, -1))).toEqual({ word: 'word', fields })
    }),
  )
})

test('perl reads and writes the same lines', async () => {
  const fields = { id: 'i-1', text: 'ü a=b\n%41 \t' }
  const program = `require '${guestDir()}/host/wire.pl'; chomp(my $l = <STDIN>); my ($w, $f) = Wire::parse($l); print Wire::line($w, %$f)`
  const child = spawn('perl', ['-e', program])
  let text = ''
  child.stdout.on('data', (data) => (text += data))
  child.stdin.end(encodeLine('boot', fields))
  await once(child, 'close')
  expect(decodeLine(text.trimEnd())).toEqual({ word: 'boot', fields })
})

test('the guest scripts are found from the sources and from anywhere in a bundle', () => {
  expect(guestDir()).toMatch(/src\/localcloud\/nodes\/guest$/)
  expect(netdArguments().at(-1)).toMatch(/netd-main\.ts$/)
  cpSync(guestDir(), join(dir, 'dist/localcloud/guest'), { recursive: true })
  writeFileSync(join(dir, 'dist/localcloud/netd.js'), '')
  mkdirSync(join(dir, 'dist/chunks'))
  for (const chunk of ['dist/localcloud/daemon.js', 'dist/chunks/engine-abc.js', 'dist/index.js']) {
    const url = pathToFileURL(join(dir, chunk)).href
    expect(guestDir(url)).toBe(join(dir, 'dist/localcloud/guest'))
    expect(netdArguments(url)).toEqual([join(dir, 'dist/localcloud/netd.js')])
  }
})

test('a process is known by more than its number, and a zombie is dead', async () => {
  const self = identify(process.pid)!
  expect(isAlive(self)).toBe(true)
  expect(isAlive({ ...self, startTime: '1' })).toBe(false)
  expect(isAlive({ ...self, bootId: 'another boot' })).toBe(false)
  expect(identify(2 ** 22 + 1)).toBeUndefined()
  // A shell that lives on while its ended child waits to be collected.
  const shell = spawn('perl', [
    '-e',
    '$| = 1; my $p = fork // die; exit 0 if !$p; select(undef, undef, undef, 0.01) until `cat /proc/$p/stat` =~ /\\) Z/; print "$p\\n"; <STDIN>',
  ])
  const [line] = (await once(shell.stdout, 'data')) as [Buffer]
  expect(identify(Number(line.toString()))).toBeUndefined()
  shell.stdin.end()
  await once(shell, 'close')
})

test('two claims never get the same public network, a stored one is taken again', async () => {
  const port = 22_999
  const first = await claimPublicNet({ port, startAt: 200 })
  const second = await claimPublicNet({ port, stored: first.number, startAt: 200 })
  expect(second.number).not.toBe(first.number)
  await first.release()
  const again = await claimPublicNet({ port, stored: first.number })
  expect(again.prefix).toBe(first.prefix)
  await Promise.all([again.release(), second.release()])
})

test('a home takes its own public network again, and none that a home beside it has had', async () => {
  const port = 22_998
  const root = await mkdtemp(join(tmpdir(), 'sc-homes-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const [one, two] = [join(root, 'one'), join(root, 'two')]
  await Promise.all([mkdir(one), mkdir(two)])
  const first = await claimForHome(one, port)
  await first.release() // its daemon is away, its machines are not
  const second = await claimForHome(two, port)
  expect(second.number).not.toBe(first.number)
  const again = await claimForHome(one, port)
  expect(again.number).toBe(first.number)
  await Promise.all([again.release(), second.release()])
})
