import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseGroup, parsePasswd, renderGroup, renderPasswd } from '../../../src/core/node/accounts.js'
import { nextFreeId } from '../../../src/core/node/users.js'

const name = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,15}$/)
const field = fc.string({ unit: 'grapheme' }).filter((text) => !/[:\n\r]/.test(text))
const id = fc.nat({ max: 65_535 })

const passwd = fc.record({
  pw_name: name,
  pw_passwd: field,
  pw_uid: id,
  pw_gid: id,
  pw_gecos: field,
  pw_dir: field,
  pw_shell: field,
})

test('every account that is written is read back', () => {
  fc.assert(
    fc.property(fc.array(passwd), (entries) => {
      expect(parsePasswd(`${entries.map(renderPasswd).join('\n')}\n`)).toEqual(entries)
    }),
  )
})

test('every group that is written is read back', () => {
  const group = fc.record({ gr_name: name, gr_passwd: field, gr_gid: id, gr_mem: fc.array(name) })
  fc.assert(
    fc.property(fc.array(group), (entries) => {
      expect(parseGroup(`${entries.map(renderGroup).join('\n')}\n`)).toEqual(entries)
    }),
  )
})

test('comments, NIS markers and broken lines are no accounts', () => {
  const text = '# comment:x:1:1:::\n+::::::\n-@admins::::::\nroot:x:0:0:root:/root:/bin/bash\nbroken:x:zero:0:::\n\n'
  expect(parsePasswd(text).map(({ pw_name }) => pw_name)).toEqual(['root'])
})

test('the next free id is above all people and never a system id', () => {
  fc.assert(
    fc.property(fc.array(id), (used) => {
      const next = nextFreeId(used)
      expect(used.filter((one) => one < 60_000)).not.toContain(next)
      expect(next).toBeGreaterThanOrEqual(1000)
    }),
  )
  expect(nextFreeId([0, 33, 65_534])).toBe(1000)
  expect(nextFreeId([0, 1000, 1004])).toBe(1005)
})
