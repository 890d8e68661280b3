import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { keyAtEnd, stringAtEnd } from '../../src/repl/complete/cursor.js'
import { Recent } from '../../src/repl/complete/recent.js'
import { openShell } from './open-shell.js'

test.each<[string, Partial<ReturnType<typeof stringAtEnd>> | undefined]>([
  [`cm.runPlugin('my`, { callee: 'cm.runPlugin', argument: 0, typed: 'my', quote: "'", before: [] }],
  [`await cm.runPlugin( 'a, (b', "te`, { callee: 'cm.runPlugin', argument: 1, typed: 'te', before: ['a, (b'] }],
  [`f(x, g(1, 2), [3, 4], \``, { callee: 'f', argument: 3, before: [undefined, undefined, undefined] }],
  [
    `ec2.describeImages({ Owners: ['self'], ImageIds: ['ami-1', 'am`,
    { callee: 'ec2.describeImages', key: 'ImageIds', typed: 'am' },
  ],
  [
    `cm.startCluster('x', { overrides: { keyname: '`,
    { callee: 'cm.startCluster', argument: 1, key: 'keyname', before: ['x'] },
  ],
  [`Out[3].getNode("no`, { callee: 'Out[3].getNode', typed: 'no' }],
  [`x?.y('`, { callee: 'x?.y' }],
  [`f()('`, { callee: undefined }],
  [`'it\\'s`, { typed: `it\\'s`, callee: undefined, key: undefined }],
  [`f('done')`, undefined],
  [`f('done') // it's`, undefined],
  ['', undefined],
])('%s', (line, place) => {
  if (place === undefined) expect(stringAtEnd(line)).toBeUndefined()
  else expect(stringAtEnd(line)).toMatchObject(place)
})

test.each<[string, ReturnType<typeof keyAtEnd>]>([
  [`cm.startCluster('x', {`, { callee: 'cm.startCluster', typed: '', given: [] }],
  [`cm.startCluster('x', { template: 'a, b', cl`, { callee: 'cm.startCluster', typed: 'cl', given: ['template'] }],
  [`ec2.f({ A: [1, 2], 'B': { c: 1, d }, E`, { callee: 'ec2.f', typed: 'E', given: ['A', 'B'] }],
  [`cm.startCluster('x', { overrides: { k`, undefined],
  [`cm.startCluster('x', { template: sm`, undefined],
  ['const a = { b', undefined],
  [`if (x) { y`, undefined],
  ['f({ a: 1 }, b', undefined],
])('%s: the member that is typed', (line, place) => {
  expect(keyAtEnd(line)).toEqual(place)
})

test('any line can be asked about', () => {
  const pieces = fc.constantFrom("'", '"', '`', '\\', '(', ')', '[', ']', '{', '}', ',', ':', ' ', 'a', '.', '//', '$')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const line = parts.join('')
      const place = stringAtEnd(line)
      if (place) expect(line.endsWith(place.quote + place.typed)).toBe(true)
    }),
  )
})

test('a slow answer is not waited for, serves the next time, and a question that stays unanswered is given up', async () => {
  const recent = new Recent<string>({ freshMs: 1_000, patienceMs: 30, deadlineMs: 120 })
  let answer = (_: string): void => undefined
  const slow = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)))
  expect(await recent.get('q', slow)).toBeUndefined()
  expect(await recent.get('q', slow)).toBeUndefined()
  expect(slow).toHaveBeenCalledTimes(1) // nobody asks twice at once
  answer('late')
  expect(await recent.get('q', slow)).toBe('late')
  expect(slow).toHaveBeenCalledTimes(1)

  let given: AbortSignal | undefined
  const never = (signal: AbortSignal) => {
    given = signal
    return new Promise<string>(() => undefined)
  }
  expect(await recent.get('n', never)).toBeUndefined()
  await vi.waitFor(() => expect(given?.aborted).toBe(true))
  expect(await recent.get('n', async () => 'again')).toBe('again')
  expect(await recent.get('f', () => Promise.reject(new Error('refused')))).toBeUndefined()
})

test('an answer that has become old still serves while a new one is slow', async () => {
  const recent = new Recent<string>({ freshMs: 0, patienceMs: 20, deadlineMs: 1_000 })
  expect(await recent.get('q', async () => 'old')).toBe('old')
  expect(await recent.get('q', () => new Promise(() => undefined))).toBe('old')
})

test('Tab inside quotes: names, closed when there is one; slow and refused answers cost nothing', async () => {
  await using shell = await openShell()
  shell.type(`cm.getCluster('be`)
  await shell.sees(`('be`)
  shell.type('\t')
  await shell.sees(`ta'`)
  shell.type('\x15')
  shell.type(`cm.getCluster("al`)
  await shell.sees(`("al`)
  shell.type('\t')
  await shell.sees('p')
  shell.type('\x15')
  for (const call of ['cm.slow', 'cm.broken']) {
    shell.type(`${call}('`)
    await shell.sees(`${call}('`)
    await shell.tabSaysNothing()
    shell.type('\x15')
  }
  expect(shell.text).not.toContain('AWS said no')
  expect(shell.text).not.toContain('completion error')
})
