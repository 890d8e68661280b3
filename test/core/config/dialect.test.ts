import fc from 'fast-check'
import ini from 'ini'
import { expect, test } from 'vitest'
import { quoteForIni, readDialect } from '../../../src/core/config/dialect.js'
import { StarClusterError } from '../../../src/core/errors.js'

function read(text: string): Record<string, Record<string, string>> {
  const { sections } = readDialect(text, 'config')
  return Object.fromEntries(
    sections.map((section) => [
      section.header,
      Object.fromEntries([...section.settings].map(([name, { value }]) => [name, value])),
    ]),
  )
}

function one(text: string): string | undefined {
  return read(`[s]\n${text}`).s?.k
}

test.each([
  ['k = v', 'v'],
  ['K=v', 'v'],
  ['k: v', 'v'],
  ['k = a=b:c', 'a=b:c'],
  ['k = abc#def', 'abc#def'],
  ['k = abc # comment', 'abc'],
  ['k = abc ; comment', 'abc'],
  ['k = a;b ; c', 'a;b'],
  ['k = # comment', ''],
  ['k =', ''],
  ['k = ""', ''],
  ['k = "quoted"', '"quoted"'],
  ["k = it's", "it's"],
  ['k = true', 'true'],
  ['k = null', 'null'],
  ['k = a,\n  b, # first\n\n\tc\n', 'a,\nb,\nc'],
  ['k =\n  a\n# between\n  b', 'a\nb'],
  ['k = 1\nREM k = 2\nrem\n; k = 3', '1'],
  ['k = C:\\new\\table', 'C:\\new\\table'],
  ['  k = 1\n  j = 2', '1'],
])('reads %j', (text, value) => {
  expect(one(text)).toBe(value)
})

test('names with dots, blanks and brackets stay what they are', () => {
  const text =
    '[cluster 2xc3.large]\nlist[] = 1\nlist[] = 2\n__proto__ = x\na.b = y\n[__proto__]\nk = v\n[toString]\nk = w\n'
  expect(read(text)['cluster 2xc3.large']).toEqual({ 'list[]': '2', ['__proto__']: 'x', 'a.b': 'y' })
  expect(readDialect(text, 'f').sections.map((section) => section.header)).toEqual([
    'cluster 2xc3.large',
    '__proto__',
    'toString',
  ])
})

test('a repeated section adds, a repeated setting counts last and is reported', () => {
  const { warnings } = readDialect('[s]\na = 1\n[t]\na = 1\n[s]\na = 2\nb = 3\n', 'config')
  expect(read('[s]\na = 1\n[t]\na = 1\n[s]\na = 2\nb = 3\n')).toEqual({ s: { a: '2', b: '3' }, t: { a: '1' } })
  expect(warnings).toEqual([expect.stringMatching(/^config:6: a is set a second time in \[s\] \(first in line 2\)/)])
})

test('an indented setting or header continues the value above it, and is reported', () => {
  const text = '[cluster a]\nkeyname = k\n  plugins = p\n [cluster b]\n'
  expect(read(text)).toEqual({ 'cluster a': { keyname: 'k\nplugins = p\n[cluster b]' } })
  expect(readDialect(text, 'config').warnings).toEqual([
    'config:3: plugins is indented, so it continues the value of keyname above it',
    'config:4: [cluster b] is indented, so it continues the value of keyname above it',
  ])
})

test('each setting knows its file and line', () => {
  const section = readDialect('\uFEFF# c\r\n[s]\r\n\r\nk = 1\r\n  2\r\nj = 3', '/etc/config').sections[0]
  expect(section).toMatchObject({ header: 's', line: 2 })
  expect([...section!.settings.values()]).toEqual([
    { name: 'k', value: '1\n2', file: '/etc/config', line: 4 },
    { name: 'j', value: '3', file: '/etc/config', line: 6 },
  ])
})

test.each([
  ['<html>no config</html>', 'ConfigHasNoSections', 'config:1'],
  ['k = v\n[s]\n', 'ConfigHasNoSections', 'config:1'],
  ['[s]\nk = v\nno setting\n', 'ConfigError', 'config:3'],
  ['[s]\n= v\n', 'ConfigError', 'config:2'],
  ['[s\nk = v\n', 'ConfigError', 'config:1: "[s" has no closing ]'],
  ['[]\n', 'ConfigHasNoSections', 'config:1'],
])('refuses %j', (text, code, place) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(place) }))
})

test('a file without text is allowed', () => {
  expect(read('')).toEqual({})
  expect(read('\n# only a comment\n')).toEqual({})
})

/** Every kind of character, the ones that mean something to a parser often. */
const character = fc.oneof(
  fc.constantFrom(...'[]=:#;%"\'\\./ \t\u2028\u2029_'),
  fc.string({ unit: 'binary', maxLength: 1 }),
)
const anyText = fc.array(character, { maxLength: 30 }).map((parts) => parts.join(''))

test('property: quoting is undone by ini, whatever the text', () => {
  // As the reader makes them: neither empty nor with blanks around.
  const trimmed = anyText.map((text) => `x${text}x`)
  const headers = fc.uniqueArray(trimmed, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(headers, fc.dictionary(trimmed, anyText), (names, settings) => {
      const lines = names.flatMap((header) => [
        { header, line: 1 },
        ...Object.entries(settings).map(([name, value]) => ({ header, line: 2, name, value })),
      ])
      const parsed = ini.parse(quoteForIni(lines))
      expect(Object.keys(parsed)).toHaveLength(names.length)
      for (const section of Object.values(parsed)) {
        expect(
          Object.values(section as object)
            .map(String)
            .sort(),
        ).toEqual(Object.values(settings).sort())
      }
    }),
    { numRuns: 300 },
  )
})

/** A value that can be written on one line, and a name that can be one. */
const value = anyText
  .map((text) => text.replace(/\s/g, ' ').replace(/ [#;]/g, ' x').trim())
  .filter((text) => text !== '""' && !/^[#;]/.test(text))
const name = anyText
  .map((text) => text.replace(/[:=\s]/g, '_').toLowerCase())
  .filter((text) => /^[^[#;\s]/.test(text) && !/^rem$/.test(text) && text.trim() === text)
const header = anyText.map((text) => `cluster ${text.replace(/[\s\]]/g, '-')}x`)
const settings = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 })
const file = fc.uniqueArray(fc.tuple(header, settings), { selector: ([key]) => key, maxLength: 4 })
const style = fc.record({
  delimiter: fc.constantFrom('=', ' = ', ':', ' :  '),
  end: fc.constantFrom('', ' # comment', '\t; x = y', '  '),
  between: fc.constantFrom('', '\n', '# comment\n', '   ; indented\n', 'rem x\n'),
  newline: fc.constantFrom('\n', '\r\n'),
})

test('property: what is written is read, in every style of writing', () => {
  fc.assert(
    fc.property(file, style, (sections, { delimiter, end, between, newline }) => {
      const text = sections
        .map(
          ([title, pairs]) =>
            `[${title}]\n${pairs.map(([key, text]) => `${key}${delimiter}${text}${end}\n${between}`).join('')}`,
        )
        .join(between)
      const wanted = sections.map(([title, pairs]) => [title, pairs] as const)
      const got = readDialect(text.replaceAll('\n', newline), 'f').sections.map((section) => [
        section.header,
        [...section.settings.values()].map((setting) => [setting.name, setting.value]),
      ])
      expect(got.map(([title, pairs]) => [title, [...(pairs as string[][])].sort()])).toEqual(
        wanted.map(([title, pairs]) => [title, [...pairs].sort()]),
      )
    }),
    { numRuns: 300 },
  )
})

test('property: any text is read or refused with an error of ours', () => {
  const lines = fc.array(fc.oneof(anyText, fc.constantFrom('[s]', 'k = v', '  more')), { maxLength: 10 })
  fc.assert(
    fc.property(lines, (parts) => {
      try {
        read(parts.join('\n'))
      } catch (error) {
        expect(error).toBeInstanceOf(StarClusterError)
      }
    }),
    { numRuns: 300 },
  )
})
