import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { renderScript } from '../../../src/core/node/scripts/run-script.js'
import { type ShellCommand, sh } from '../../../src/core/ssh/quote.js'

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sc-prelude-'))
  file = join(directory, 'file')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const owner = execFileSync('sh', ['-c', 'printf %s "$(id -un):$(id -gn)"'], { encoding: 'utf8' })

/** Runs a step as a node would and gives what it says it changed. */
function run(command: ShellCommand): string[] {
  const out = execFileSync('/bin/sh', ['-s'], { input: renderScript([{ name: 'test', command }]), encoding: 'utf8' })
  return out.split('\n').filter((line) => line !== '')
}

const block = (content: string, kind = 'plain') => sh`sc_block ${kind} ${file} 600 ${owner} starcluster ${content}`

test('a block is kept between markers, and the second run changes nothing', () => {
  writeFileSync(file, 'mine\n')
  expect(run(block('a\nb\n'))).toEqual([`changed: ${file}`])
  const once = readFileSync(file, 'utf8')
  expect(once).toBe('mine\n# BEGIN starcluster\na\nb\n# END starcluster\n')
  const { mtimeMs, ino } = statSync(file)
  expect(run(block('a\nb\n'))).toEqual([])
  expect(statSync(file)).toMatchObject({ mtimeMs, ino })
})

test('a block is replaced in its place and removed when it has no content', () => {
  writeFileSync(file, 'before\n# BEGIN starcluster\nold\n# END starcluster\nafter\n')
  run(block('new\n'))
  expect(readFileSync(file, 'utf8')).toBe('before\n# BEGIN starcluster\nnew\n# END starcluster\nafter\n')
  run(block(''))
  expect(readFileSync(file, 'utf8')).toBe('before\nafter\n')
})

test('a block that somebody has cut off swallows nothing', () => {
  writeFileSync(file, 'before\n# BEGIN starcluster\nold\nafter\n')
  run(block('new\n'))
  expect(readFileSync(file, 'utf8')).toBe('before\nold\nafter\n# BEGIN starcluster\nnew\n# END starcluster\n')
})

test('only whole names are dropped from hosts lines: n1 is not n10', () => {
  const others = '127.0.0.1 localhost\n127.0.1.1 n1 other\n10.0.0.9 n10 # n1\n# 10.0.0.1 n1\n10.0.0.8 n1\n'
  writeFileSync(file, others)
  run(block('10.0.0.1 n1\n', 'hosts'))
  expect(readFileSync(file, 'utf8')).toBe(
    '127.0.0.1 localhost\n127.0.1.1 other\n10.0.0.9 n10 # n1\n# 10.0.0.1 n1\n# BEGIN starcluster\n10.0.0.1 n1\n# END starcluster\n',
  )
})

test('only whole names are dropped from known_hosts lines', () => {
  writeFileSync(file, 'n1,10.0.0.1 ssh-rsa OLD\nn10 ssh-rsa KEPT\n|1|hash|ed ssh-rsa KEPT\n')
  run(block('n1,10.0.0.1 ssh-ed25519 NEW\n', 'known'))
  expect(readFileSync(file, 'utf8')).toBe(
    'n10 ssh-rsa KEPT\n|1|hash|ed ssh-rsa KEPT\n# BEGIN starcluster\nn1,10.0.0.1 ssh-ed25519 NEW\n# END starcluster\n',
  )
})

test('an edit of a block keeps its other lines', () => {
  const edit = (names: string, lines: string) =>
    sh`sc_edit_block hosts ${file} 600 ${owner} starcluster ${names} ${lines}`
  run(block('10.0.0.1 master\n10.0.0.2 node001\n', 'hosts'))
  run(edit('node001\n', '10.0.0.7 node001\n'))
  expect(readFileSync(file, 'utf8')).toBe('# BEGIN starcluster\n10.0.0.1 master\n10.0.0.7 node001\n# END starcluster\n')
  run(edit('master\nnode001\n', ''))
  expect(readFileSync(file, 'utf8')).toBe('')
})

test('mode and owner are brought back without touching the content', () => {
  const put = sh`sc_file ${file} 640 ${owner} ${'text\n'}`
  expect(run(put)).toEqual([`changed: ${file}`])
  execFileSync('chmod', ['600', file])
  expect(run(put)).toEqual([`changed: ${file}`])
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(run(put)).toEqual([])
})

test('a failing step is named', () => {
  const script = renderScript([{ name: 'mount', command: sh`false` }])
  expect(() => execFileSync('/bin/sh', ['-s'], { input: script, stdio: 'pipe' })).toThrow(/step mount failed/)
})

test('any content arrives unchanged and the lines around a block never change', () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\n\r]/.test(text) && !text.startsWith('# '))
  const lines = fc.array(line, { maxLength: 5 }).map((all) => all.map((text) => `${text}\n`).join(''))
  fc.assert(
    fc.property(
      lines,
      lines.filter((text) => text !== ''),
      (around, content) => {
        writeFileSync(file, around)
        run(block(content))
        expect(readFileSync(file, 'utf8')).toBe(`${around}# BEGIN starcluster\n${content}# END starcluster\n`)
        expect(run(block(content))).toEqual([])
      },
    ),
    { numRuns: 25 },
  )
})

test('the key of a user is made once', () => {
  const key = join(directory, 'ssh', 'id_ed25519')
  expect(run(sh`sc_key ed25519 ${key}`)).toEqual([`changed: ${key}`])
  const text = readFileSync(key, 'utf8')
  expect(run(sh`sc_key ed25519 ${key}`)).toEqual([])
  rmSync(`${key}.pub`)
  run(sh`sc_key ed25519 ${key}`)
  expect(readFileSync(`${key}.pub`, 'utf8')).toMatch(/^ssh-ed25519 /)
  expect(readFileSync(key, 'utf8')).toBe(text)
  expect(userInfo().uid).toBe(statSync(key).uid)
})
