import fc from 'fast-check'
import { expect, test } from 'vitest'
import { harmless } from '../../../src/cli/output/cell.js'
import * as field from '../../../src/cli/output/fields.js'
import { render } from '../../../src/cli/output/listing.js'
import { listSchema } from '../../../src/cli/output/schema.js'
import { broken, tableLines } from '../../../src/cli/output/table.js'
import { violations } from '../../support/json-schema.js'

interface Disk {
  id: string
  note?: string
  size: number
  made?: Date
}

const fields: field.Fields<Disk> = {
  id: field.text('id', ({ id }) => id, { column: 'ID' }),
  note: field.text('a note', ({ note }) => note, { column: 'NOTE', wraps: true }),
  sizeGib: field.gib('GiB', ({ size }) => size, { column: 'SIZE' }),
  made: field.time('when', ({ made }) => made),
}
const disks: Disk[] = [
  { id: 'vol-1', note: 'what the first one is for, in some words', size: 8 },
  { id: 'vol-22', size: 1024, made: new Date(0) },
]

test('columns are aligned, numbers at the right, and without a width nothing is broken', () => {
  expect(render(fields, disks, false, Number.POSITIVE_INFINITY)).toBe(
    [
      'ID      NOTE                                          SIZE',
      'vol-1   what the first one is for, in some words     8 GiB',
      'vol-22                                            1024 GiB',
    ].join('\n'),
  )
})

test('on a narrower terminal text goes on in the next line; ids stay whole', () => {
  expect(render(fields, disks, false, 36)).toBe(
    [
      'ID      NOTE                    SIZE',
      'vol-1   what the first one     8 GiB',
      '        is for, in some',
      '        words',
      'vol-22                      1024 GiB',
    ].join('\n'),
  )
})

test('where it is not enough that text goes on, extra columns are left out', () => {
  const more = { ...fields, made: { ...fields.made!, column: 'MADE', extra: true } }
  const lines = (width: number) => render(more, disks, false, width).split('\n')
  expect(lines(200)[0]).toMatch(/^ID +NOTE +SIZE +MADE$/)
  expect(lines(36)[0]).toMatch(/^ID +NOTE +SIZE$/)
  expect(lines(20)).toContain('size_gib: 1024 GiB')
})

test('where no table fits, and when asked for, an item is a block with all there is to tell', () => {
  const blocks = render(fields, disks, false, 20)
  expect(blocks.split('\n\n')).toHaveLength(2)
  expect(blocks).toContain('id: vol-22\nsize_gib: 1024 GiB\nmade: 1970-01-01')
  expect(render(fields, disks, true, Number.POSITIVE_INFINITY)).toContain(
    'id: vol-22\nsize_gib: 1024 GiB\nmade: 1970-01-01',
  )
})

test('no line of a table is wider than asked, no text is lost', () => {
  const cell = fc.string({ maxLength: 60 }).map((text) => harmless(text).replace(/\s+/g, ' ').trim())
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 30, max: 100 }),
      (rows, width) => {
        const lines = tableLines(
          [
            { title: 'A', wraps: true },
            { title: 'B', wraps: true },
          ],
          rows,
          width,
        )!
        expect(lines.filter((line) => [...line].length > width)).toEqual([])
        for (const text of rows.flat())
          expect(broken(text, width).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      },
    ),
  )
})

test('what a terminal would obey is shown, not obeyed', () => {
  expect(harmless('a\x1b[31mred\x07 \u202eback')).toBe('a\\u001b[31mred\\u0007 \\u202eback')
})

test('JSON has every key, and the schema tells every way to be wrong', () => {
  const json = disks.map((disk) => field.toJson(fields, disk))
  expect(json[1]).toEqual({ id: 'vol-22', note: null, sizeGib: 1024, made: '1970-01-01T00:00:00.000Z' })
  const schema = listSchema(fields)
  expect(violations(schema, json)).toEqual([])
  const { note: _, ...short } = json[0]!
  expect(violations(schema, [short])).toEqual(['$[0].note is missing'])
  expect(violations(schema, [{ ...json[0], sizeGib: '8', extra: 1 }])).toEqual([
    '$[0].sizeGib is string, not number or null',
    '$[0].extra is not in the schema',
  ])
})
