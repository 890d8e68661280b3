import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ClusterRecord, readRecord, recordTags } from '../../../src/core/cluster/record.js'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
const record: fc.Arbitrary<ClusterRecord> = fc.record(
  {
    version: fc.constant(1 as const),
    keyname: text,
    user: text,
    shell: text,
    plugins: fc.array(text, { maxLength: 40 }),
    queue: fc.constantFrom('none' as const, 'slurm' as const),
    dnsPrefix: fc.boolean(),
    size: fc.nat(),
    nodeImageId: text,
    nodeInstanceType: text,
    zone: text,
    subnetId: text,
    publicIps: fc.boolean(),
    template: text,
  },
  {
    requiredKeys: [
      'version',
      'keyname',
      'user',
      'shell',
      'plugins',
      'queue',
      'dnsPrefix',
      'size',
      'nodeImageId',
      'nodeInstanceType',
    ],
  },
)

test('what a cluster was started with survives its tags, in whatever order EC2 gives them', () => {
  fc.assert(
    fc.property(record, fc.func(fc.integer()), (value, order) => {
      fc.pre(JSON.stringify(value).length < 2000)
      const tags = recordTags(value, '0.1.0')
      for (const { Value } of tags) {
        expect(Value!.length).toBeLessThanOrEqual(256)
        expect(Value).toMatch(/^[\x21-\x7e]*$/)
      }
      const shuffled = tags.toSorted((a, b) => order(a.Key) - order(b.Key))
      expect(readRecord('t', shuffled)).toEqual(value)
    }),
  )
})

const plain: ClusterRecord = {
  version: 1,
  keyname: 'k',
  user: 'sgeadmin',
  shell: 'bash',
  plugins: Array.from({ length: 200 }, (_, i) => `plugin-number-${i}`),
  queue: 'none',
  dnsPrefix: false,
  size: 2,
  nodeImageId: 'default',
  nodeInstanceType: 't3.small',
}

test('more than ten pieces come together in their order', () => {
  const tags = recordTags(plain, '0.1.0')
  expect(tags.length).toBeGreaterThan(12)
  const asText = tags.toSorted((a, b) => (a.Key! < b.Key! ? -1 : 1))
  expect(readRecord('t', asText)).toEqual(plain)
})

test.each([
  ['no tags', []],
  ['a piece is missing', recordTags(plain, '0.1.0').filter(({ Key }) => Key !== 'starcluster:core-3')],
  ['a newer version', [{ Key: 'starcluster:core', Value: '{"version":2}' }]],
  ['no JSON object', [{ Key: 'starcluster:core', Value: 'null' }]],
  ['a setting is missing', [{ Key: 'starcluster:core', Value: '{"version":1,"keyname":"k"}' }]],
])('%s: the cluster is incompatible, and says how to remove it', (_, tags) => {
  expect(() => readRecord('t', tags)).toThrow(
    expect.objectContaining({ code: 'IncompatibleCluster', hint: expect.stringContaining('terminate --force t') }),
  )
})
