import vm from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileInput, importFunctionName } from '../../src/repl/compile.js'
import { decodeEntry, encodeEntry } from '../../src/repl/history.js'
import { loopGuardName } from '../../src/repl/loop-guard.js'
import { IncompleteInput } from '../../src/repl/parse.js'

/** Rounds of guarded loops so far. */
let rounds = 0

/** Evaluates inputs one after the other in one context; the last one's value. */
async function evaluate(...inputs: string[]): Promise<unknown> {
  const context = vm.createContext({
    [importFunctionName]: async (name: string) => ({ default: `${name} default`, named: `${name} named` }),
    [loopGuardName]: () => {
      rounds++
    },
  })
  let last: unknown
  for (const input of inputs) {
    const { script, isAsync } = compileInput(input)
    const value: unknown = vm.runInContext(script, context)
    last = await (isAsync ? ((await value) as { value: unknown } | undefined)?.value : value)
  }
  return JSON.parse(JSON.stringify(last ?? null))
}

test.each<[string, string[], unknown]>([
  ['a type argument is not a comparison', ['class Foo { constructor(public n) {} }', 'new Foo<number>(3).n'], 3],
  ['let twice', ['let a = 1', 'let a = a + 1', 'a'], 2],
  ['let without a value starts afresh', ['let a = 1', 'let a', 'a === undefined'], true],
  ['class twice', ['class A { v = 1 }', 'class A { v = 2 }', 'new A().v'], 2],
  ['const becomes visible to functions made before', ['const f = () => later', 'const later = 5', 'f()'], 5],
  ['destructuring', ['let {a, ...rest} = { a: 1, b: 2 }, [c] = [3]', '[a, rest, c]'], [1, { b: 2 }, 3]],
  [
    'destructuring with await',
    ['let {a, ...rest} = await { a: 1, b: 2 }, [c = 9] = []', '[a, rest, c]'],
    [1, { b: 2 }, 9],
  ],
  [
    'await in the middle, declarations global',
    ['const x = await 1; function f() { return x } class C { v = f() }', 'new C().v'],
    1,
  ],
  ['value of the last expression after an await', ['await 1; (2)'], 2],
  ['semicolonless lines after a declaration', ['await 0\nvar x\n;[1].map((n) => n)'], [1]],
  ['var without a value before a bracket', ['await 0\nlet y\n(y)'], null],
  ['for with var and await', ['for (var i = 0, n = 3; i < n; i++) await null', 'i'], 3],
  ['for of with var and await', ['for (var k of [1, 2]) { await null; var last = k }', '[k, last]'], [2, 2]],
  ['for await', ['let sum = 0; for await (const v of [1, 2]) sum += v', 'sum'], 3],
  ['if and else with await', ['if (await false) var z = 1\nelse var z = 2', 'z'], 2],
  ['let in a block stays there', ['{ let hidden = 1; }', 'typeof hidden'], 'undefined'],
  [
    'imports',
    ["import d, { named as n } from 'm'\nimport * as all from 'k'", '[d, n, all.named]'],
    ['m default', 'm named', 'k named'],
  ],
  ['type imports vanish', ["import type { T } from 'x'; import { type U, named } from 'm'", 'named'], 'm named'],
  ['import() at any depth', ["const load = () => import('q')", '(await load()).named'], 'q named'],
  ['an import() as the last expression', ["await 1; import('q')"], { default: 'q default', named: 'q named' }],
  [
    'exports of pasted source are ignored',
    ['export class P { v = 3 }\nexport default function g() { return 4 }', '[new P().v, g()]'],
    [3, 4],
  ],
  ['parameter properties', ['class B { constructor(private v: number) {} }', 'new B(8).v'], 8],
  ['enum and namespace', ['enum E { A = 2 }\nnamespace N { export const v = E.A }', 'N.v'], 2],
  ['an object, not a block', ['{ a: 1, b: { c: 2 } }'], { a: 1, b: { c: 2 } }],
  ['an object with types', ['{ a: 1 as number }'], { a: 1 }],
  ['satisfies, as and !', ['const o = { p: 1 } satisfies object', '(o as any).p! + 1'], 2],
  ['optional chaining is no type', ['undefined?.a?.()'], null],
  ['offsets behind other planes', ["const s = '😀'; let t = await s", 't + s'], '😀😀'],
])('%s', async (_name, inputs, value) => {
  expect(await evaluate(...inputs)).toEqual(value)
})

test.each<[string, string, number]>([
  [
    'every kind after an await',
    'await 0; for (let i = 0; i < 2; i++); for (const k in { a: 1 }) k; let n = 2; while (n--) { n }',
    5,
  ],
  ['do while and for await', 'let m = 2; do m--\nwhile (m)\nfor await (const v of [1]) v', 3],
  [
    'functions, nested and called later',
    'const f = () => { for (const a of [1, 2]) for (const b of [1]) var x = a + b\nreturn x }; f()',
    4,
  ],
  [
    'methods of a pasted class, with types',
    'class A { m(): void { let i: number = 3; while (i > 0) i-- } }; new A().m()',
    3,
  ],
  ['not what vm watches itself', 'for (let i = 0; i < 9; i++) {}', 0],
])('loops look for Ctrl-C: %s', async (_name, input, count) => {
  rounds = 0
  await evaluate(input)
  expect(rounds).toBe(count)
})

describe('the beginning of something', () => {
  test.each([
    'interface Q {',
    'foo(',
    'const x =',
    '`abc',
    '`a ${b',
    '/* abc',
    '[1,',
    '{ a: 1,',
    '{ a: 1,\n b: 2,',
    'if (x) {',
    'a ?',
    "'a\\",
    'foo( // why',
    'class A {\n  m() {',
  ])('asks for more: %j', (input) => {
    expect(() => compileInput(`${input}\n`)).toThrow(IncompleteInput)
  })

  test.each(["'abc", 'foo) bar', '1 2', ')', 'let x y', '/abc'])('is a mistake: %j', (input) => {
    expect(() => compileInput(`${input}\n`)).toThrow(SyntaxError)
  })
})

test('a mistake is shown with its line and place', () => {
  expect(() => compileInput('const a = 1\nfo) o\n')).toThrow(/\n {2}fo\) o\n {4}\^$/)
})

test('history entries of any text come back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (entry) => {
      const line = encodeEntry(entry)
      expect(line).not.toMatch(/[\n\r]/)
      expect(decodeEntry(line)).toBe(entry)
    }),
  )
})
