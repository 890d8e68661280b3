import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { shellCommand } from './open-shell.js'

async function pipe(input: string): Promise<{ stdout: string; stderr: string; status: number | null }> {
  const [program, ...args] = shellCommand
  const child = spawn(program, args)
  child.stdin.on('error', () => undefined) // a program may end without reading it
  child.stdin.end(input)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { stdout, stderr, status }
}

test('piped lines run in order, results plain on stdout, errors on stderr, and a failure stops nothing', async () => {
  const { stdout, stderr, status } = await pipe(
    [
      'const slow = await new Promise<number>((done) => setTimeout(done, 50, 1))',
      'const slow = slow + 1',
      'slow',
      'class Box<T> {',
      '  constructor(private item: T) {}',
      '  get() { return this.item }',
      '}',
      'new Box<number>(3).get()',
      'enum Color { Red = 4 }',
      'Color.Red',
      "import { answer } from 'starcluster'",
      'answer',
      "import { basename as name } from 'node:path'",
      "name('/a/last')",
      'nope',
      '{ a: 1, b: 2 }',
      'Promise.resolve(9)',
      'cm.signalState()',
      'cfg.reads + cfg.reads',
      'const cfg = 7',
      'cfg',
      '[] instanceof Array',
      '.nope',
      "'end'",
    ].join('\n'),
  )
  expect(stdout.trimEnd().split('\n')).toEqual([
    '2',
    '3',
    '4',
    '42',
    `'last'`,
    '{ a: 1, b: 2 }',
    '9',
    `'fresh signal'`,
    '3',
    '7',
    'true',
    `'end'`,
  ])
  expect(stderr).toContain('ReferenceError: nope is not defined\n')
  expect(stderr).toContain('there is no command .nope')
  expect(status).toBe(1)
})

test('promises inside of a value are printed without what async hooks leave on them', async () => {
  const { stdout } = await pipe('const done = Promise.resolve(1); [{ done, never: new Promise(() => {}) }]\n')
  expect(stdout).toBe('[ { done: Promise { 1 }, never: Promise { <pending> } } ]\n')
})

test('input that ends inside a statement says so', async () => {
  const { stderr, stdout } = await pipe('1 + 1\nfunction f() {\n')
  expect(stdout).toBe('2\n')
  expect(stderr).toContain('The input ended in the middle of a statement')
})
