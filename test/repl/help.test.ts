import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readDeclarations } from '../../src/repl/docs/declarations.js'
import { readQuestion } from '../../src/repl/docs/help.js'
import { sdkOperation } from '../../src/repl/docs/sdk.js'
import { SourceIndex } from '../../src/repl/docs/source-index.js'
import { openShell } from './open-shell.js'

test('declarations have signature, comment and members, private ones marked', () => {
  const [box, open] = readDeclarations(`
/**
 * A box.
 *
 * @throws nothing
 */
export abstract class Box<T> extends Thing {
  #hidden = 1
  static size: number = 3
  constructor(readonly label: string, private inner?: T) { super() }
  /** What is in it. */
  get content(): T | undefined { return this.inner }
  protected secret(): void {}
  async open(
    { force = false }: { force?: boolean } = {}, // gently
  ): Promise<T> { return this.inner! }
  abstract close(): void
}
export const open = async (box: Box<string>, n = 2): Promise<string> => box.open()
`)
  expect(box).toMatchObject({ name: 'Box', base: 'Thing', doc: 'A box.\n\n@throws nothing', line: 7 })
  expect(box!.members.map(({ name, isPrivate }) => (isPrivate ? `-${name}` : name))).toEqual([
    '-#hidden',
    'size',
    'constructor',
    'label',
    '-inner',
    'content',
    '-secret',
    'open',
    'close',
  ])
  const signatures = box!.members.map(({ signature }) => signature)
  expect(signatures).toContain('content: T | undefined')
  expect(signatures).toContain('open({ force = false }: { force?: boolean } = {}): Promise<T>')
  expect(signatures).toContain('abstract close(): void')
  expect(open).toMatchObject({
    kind: 'value',
    signature: 'const open = async (box: Box<string>, n = 2): Promise<string>',
  })
})

test('every public class and function of the package is found in the installed sources', () => {
  const index = new SourceIndex()
  const api = readFileSync(new URL('../../src/api.ts', import.meta.url), 'utf8')
  const named = [...api.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names = '']) => names.split(','))
  const names = named.map((name) => name.replace(/\btype\b/, '').trim()).filter((name) => name !== '')
  expect(names.length).toBeGreaterThan(30)
  expect(names.filter((name) => !index.find(name))).toEqual([])
  expect(index.member('ClusterManager', 'run_plugin')?.declaration.name).toBe('runPlugin')
  expect(index.member('Node', 'isMaster')?.file).toBe('src/core/node/instance-view.ts')
})

test('operations of AWS come with the documentation of the SDK and the shape of their input', () => {
  const stop = sdkOperation('client-ec2', 'stopInstances')
  expect(stop?.doc).toMatch(/^Stops an Amazon EBS-backed instance\./)
  expect(stop?.doc).not.toMatch(/<p>|@example/)
  expect(stop?.input).toMatch(/^\{[\s\S]*InstanceIds: \[[\s\S]*\n\}$/)
  expect(sdkOperation('client-ec2', 'stopEverything')).toBeUndefined()
  expect(sdkOperation('client-ec2', '../index')).toBeUndefined()
})

test.each([
  ['cm.runPlugin?', { path: 'cm.runPlugin', wantsSource: false }],
  ['cm??', { path: 'cm', wantsSource: true }],
  ['?cm', { path: 'cm', wantsSource: false }],
  ['?? $a._b', { path: '$a._b', wantsSource: true }],
  ['?cm?', undefined],
  ['cm???', undefined],
  ['f()?', undefined],
  ['cm', undefined],
])('%s', (line, question) => {
  expect(readQuestion(line)).toEqual(question)
})

test('help for names of the prompt, and for what nobody has described', async () => {
  await using shell = await openShell()
  shell.enter('/** Adds two. */ function add(a: number, b = 2): number { return a + b }')
  await shell.sees('|2> ')
  shell.enter('add?')
  await shell.sees('\nfunction add(a: number, b = 2): number\n  Adds two.\n  In[1]:1\n')
  shell.enter('add??')
  await shell.sees('{ return a + b }\n')
  await shell.sees('|4> ')
  shell.enter('class Cat { /** Speaks. */ say(word: string): void {} }; const tom = new Cat(); 0')
  await shell.sees('\n0\n')
  shell.enter('tom.say?')
  await shell.sees('\ntom.say(word: string): void\n  Speaks.\n')
  await shell.sees('|6> ')
  shell.enter('Math.max?')
  await shell.sees('\nMath.max: function max')
  await shell.sees('|7> ')
  shell.enter('nothing.here?')
  await shell.sees('!!! ERROR - there is no nothing.here\n    help is for names')
  shell.enter('1 ? 2 : 3')
  await shell.sees('\n2\n')
})
