import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sealState, unsealState } from '../../../src/localcloud/store/state-file.js'

test('what is sealed is read back', () => {
  fc.assert(
    fc.property(fc.json(), (state) => {
      expect(unsealState(sealState(state))).toEqual({ state })
      expect(JSON.parse(sealState(state))).toMatchObject({ state: JSON.parse(state) })
    }),
  )
})

test('a file cut anywhere, or with any one character changed, is damaged', () => {
  const whole = sealState('{"ec2":{"instances":{"i-1":{"name":"master"}}}}')
  for (let length = 0; length < whole.length; length++) {
    expect(unsealState(whole.slice(0, length)), `first ${length} characters`).toHaveProperty('damage')
    const changed = `${whole.slice(0, length)}${whole[length] === '~' ? '!' : '~'}${whole.slice(length + 1)}`
    expect(unsealState(changed), `character ${length} changed`).toHaveProperty('damage')
  }
})
