import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planVolumes, volumesByName } from '../../../src/core/cluster/volumes.js'
import type { VolumeSettings } from '../../../src/core/config/index.js'

const section = (name: string, more: Partial<VolumeSettings> = {}): VolumeSettings => ({
  name,
  volumeId: `vol-${name}`,
  mountPath: `/${name}`,
  ...more,
})

test('devices are given from the last letter down, around those that the config names', () => {
  const planned = planVolumes([section('a'), section('b', { device: '/dev/sdz' }), section('c')])
  expect(planned.map(({ device }) => device)).toEqual(['/dev/sdy', '/dev/sdz', '/dev/sdx'])
})

test('two partitions of one volume share its device', () => {
  const planned = planVolumes([
    section('a', { volumeId: 'vol-1', partition: 1 }),
    section('b', { volumeId: 'vol-1', partition: 2 }),
  ])
  expect(planned.map(({ device, partition }) => [device, partition])).toEqual([
    ['/dev/sdz', 1],
    ['/dev/sdz', 2],
  ])
})

test('no two volumes get one device', () => {
  const letter = fc.constantFrom(...'fghijk').map((one) => `/dev/sd${one}`)
  const chosen = fc.uniqueArray(letter, { maxLength: 4 })
  fc.assert(
    fc.property(chosen, fc.integer({ min: 0, max: 12 }), (named, count) => {
      const sections = [
        ...named.map((device, i) => section(`n${i}`, { device })),
        ...Array.from({ length: count }, (_, i) => section(`a${i}`)),
      ]
      const devices = planVolumes(sections).map(({ device }) => device)
      expect(new Set(devices).size).toBe(sections.length)
    }),
  )
})

test('hooks get them by name, without it', () => {
  expect(volumesByName(planVolumes([section('a', { partition: 1 })]))).toEqual({
    a: { volumeId: 'vol-a', device: '/dev/sdz', mountPath: '/a', partition: 1 },
  })
})
