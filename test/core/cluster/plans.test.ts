import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { planLaunch } from '../../../src/core/cluster/launch-plan.js'
import type { ClusterRecord } from '../../../src/core/cluster/record.js'
import { planWorkers } from '../../../src/core/cluster/start-plan.js'
import { checkTag, groupName, tagOfGroup } from '../../../src/core/cluster/tag.js'
import { renderUserData } from '../../../src/core/cluster/user-data.js'

const directory = mkdtempSync(join(tmpdir(), 'sc-plans-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const wish = {
  size: 4,
  masterImageId: undefined,
  masterInstanceType: undefined,
  nodeImageId: 'ami-1',
  nodeInstanceTypes: [{ type: 't3.small' }],
  prefix: '',
}

test('nodes that differ in nothing are launched by one call, the master among them', () => {
  expect(planLaunch(wish)).toEqual([
    { instanceType: 't3.small', imageId: 'ami-1', aliases: ['master', 'node001', 'node002', 'node003'] },
  ])
})

test('another master comes first; counted types take the first workers', () => {
  const groups = planLaunch({
    ...wish,
    masterInstanceType: 'm5.large',
    nodeInstanceTypes: [
      { type: 'c5.large', count: 1 },
      { type: 'p3.large', imageId: 'ami-2', count: 1 },
      { type: 't3.small' },
    ],
    prefix: 't-',
  })
  expect(groups).toEqual([
    { instanceType: 'm5.large', imageId: 'ami-1', aliases: ['t-master'] },
    { instanceType: 'c5.large', imageId: 'ami-1', aliases: ['t-node001'] },
    { instanceType: 'p3.large', imageId: 'ami-2', aliases: ['t-node002'] },
    { instanceType: 't3.small', imageId: 'ami-1', aliases: ['t-node003'] },
  ])
})

test('every node is launched once, whatever the types', () => {
  const type = fc.record({ type: fc.constantFrom('a1.x', 'b2.y', 'c3.z'), count: fc.integer({ min: 1, max: 5 }) })
  fc.assert(
    fc.property(fc.array(type, { maxLength: 4 }), fc.integer({ min: 0, max: 30 }), (types, more) => {
      const size = 1 + types.reduce((sum, { count }) => sum + count, 0) + more
      const groups = planLaunch({ ...wish, size, nodeInstanceTypes: [...types, { type: 't3.small' }] })
      const aliases = groups.flatMap((group) => group.aliases)
      expect(new Set(aliases).size).toBe(size)
      expect(groups[0]?.aliases[0]).toBe('master')
      expect(new Set(groups.map(({ instanceType }) => instanceType)).size).toBe(groups.length)
    }),
  )
})

test.each([
  ['a size of 0', { size: 0 }],
  [
    'more counted workers than the size allows',
    { size: 2, nodeInstanceTypes: [{ type: 'a1.x', count: 2 }, { type: 'b2.y' }] },
  ],
])('%s is refused before anything is launched', (_, change) => {
  expect(() => planLaunch({ ...wish, ...change })).toThrow(expect.objectContaining({ code: 'ClusterValidationError' }))
})

test.each(['testcluster', 'a', 'my.cluster_2-x', '0'])('%s can be the name of a cluster', (tag) => {
  checkTag(tag)
  expect(tagOfGroup(groupName(tag))).toBe(tag)
})
test.each(['', 'my cluster', 'a/b', '../x', '-x', '.', 'Ünï', 'x'.repeat(101), 'a\nb', '*'])(
  '%j cannot be the name of a cluster',
  (tag) => {
    expect(() => checkTag(tag)).toThrow(
      expect.objectContaining({ code: 'InvalidClusterTag', hint: expect.stringContaining('testcluster') }),
    )
  },
)

test('user data lets root log in and carries the scripts', async () => {
  expect((await renderUserData([])).toString()).toMatch(/^#cloud-config\ndisable_root: false\n$/)
  const script = join(directory, 'first.sh')
  writeFileSync(script, '#!/bin/sh\necho hello > /tmp/hello\n')
  const data = (await renderUserData([script])).toString()
  expect(data).toContain('disable_root: false')
  expect(data).toContain('Content-Type: text/x-shellscript')
  expect(data).toContain('echo hello > /tmp/hello')
})

test.each([
  ['a missing script', undefined, /cannot read/],
  ['a script without a first line that is known', 'echo hello\n', /cloud-init/],
  ['scripts of more than 16 KB', `#!/bin/sh\n${'#'.repeat(17_000)}\n`, /16384/],
])('%s is refused', async (_, content, message) => {
  const file = join(directory, `bad-${content?.length ?? 0}.sh`)
  if (content !== undefined) writeFileSync(file, content)
  await expect(renderUserData([file])).rejects.toThrow(message)
})

test('nodes that join later are what the first ones of their number would have been', () => {
  const record: ClusterRecord = {
    version: 1,
    keyname: 'k',
    user: 'u',
    shell: 'bash',
    plugins: [],
    queue: 'none',
    dnsPrefix: false,
    size: 2,
    nodeImageId: 'ami-1',
    nodeInstanceType: 't3.small',
    launch: {
      types: [
        { type: 'c5.large', count: 2 },
        { type: 't3.small', imageId: 'ami-9' },
      ],
    },
  }
  expect(planWorkers('t', record, ['node002', 'node005', 'big1'])).toEqual([
    { instanceType: 'c5.large', imageId: 'ami-1', aliases: ['node002'] },
    { instanceType: 't3.small', imageId: 'ami-9', aliases: ['node005', 'big1'] },
  ])
  const { launch: _, ...plain } = record
  expect(planWorkers('t', { ...plain, dnsPrefix: true }, ['t-node007'])).toEqual([
    { instanceType: 't3.small', imageId: 'ami-1', aliases: ['t-node007'] },
  ])
})

test('however many join and whatever they are called, each is launched once', () => {
  const record = { version: 1, dnsPrefix: false, nodeImageId: 'ami-1', nodeInstanceType: 'c3.z', plugins: [] }
  const type = fc.record({ type: fc.constantFrom('a1.x', 'b2.y', 'c3.z'), count: fc.integer({ min: 1, max: 3 }) })
  const alias = fc.oneof(
    fc.integer({ min: 1, max: 12 }).map((n) => `node${String(n).padStart(3, '0')}`),
    fc.constantFrom('big', 'odd'),
  )
  fc.assert(
    fc.property(fc.array(type, { maxLength: 4 }), fc.uniqueArray(alias, { minLength: 1 }), (types, aliases) => {
      const launch = { types: [...types, { type: 'c3.z' }] }
      const groups = planWorkers('t', { ...record, launch } as unknown as ClusterRecord, aliases)
      expect(groups.flatMap((group) => group.aliases).sort()).toEqual([...aliases].sort())
    }),
  )
})
