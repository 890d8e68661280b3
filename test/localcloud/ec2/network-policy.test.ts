import { execFileSync } from 'node:child_process'
import { BlockList } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { networkPolicy } from '../../../src/localcloud/ec2/network-policy.js'
import {
  cidrHolds,
  isOpen,
  type NetworkPolicy,
  type PolicyRule,
  portsOpenToHost,
} from '../../../src/localcloud/nodes/network-policy.js'
import { policyRules } from '../../../src/localcloud/nodes/policy-rules.js'
import { idOf, testCloud } from './support.js'

const SSH = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }

test('the engine is told of every change that matters before it is answered', async () => {
  const { ec2, engine, launch, cloud } = testCloud()
  const { GroupId = '' } = await ec2.createSecurityGroup({ GroupName: 'web', Description: 'web' })
  expect(engine.policy).toEqual({ nodes: [], groups: [] })
  const [instance] = await launch(1, { SecurityGroupIds: [GroupId] })
  const id = idOf(instance)
  const everything = { protocol: '-1', from: -1, to: -1, peer: { cidr: '0.0.0.0/0' } }
  expect(engine.policy).toEqual({
    nodes: [{ id, privateIp: instance?.PrivateIpAddress, hopLimit: 2, groups: [GroupId] }],
    groups: [{ id: GroupId, ingress: [], egress: [everything] }],
  })
  const isSshOpen = () => isOpen(portsOpenToHost(engine.policy as NetworkPolicy, id), 22)
  expect(isSshOpen()).toBe(false)
  await ec2.authorizeSecurityGroupIngress({ GroupId, ...SSH, CidrIp: '0.0.0.0/0' })
  expect(isSshOpen()).toBe(true)
  await ec2.revokeSecurityGroupIngress({ GroupId, ...SSH, CidrIp: '0.0.0.0/0' })
  expect(isSshOpen()).toBe(false)
  await ec2.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }],
  })
  expect(engine.policy?.groups[0]?.ingress).toEqual([{ ...everything, peer: { group: GroupId } }])
  expect(isSshOpen()).toBe(false)
  const { GroupId: other = '' } = await ec2.createSecurityGroup({ GroupName: 'ssh', Description: 'ssh' })
  await ec2.authorizeSecurityGroupIngress({ GroupId: other, ...SSH, CidrIp: '127.0.0.0/8' })
  await ec2.modifyInstanceAttribute({ InstanceId: id, Groups: [GroupId, other] })
  expect(engine.policy?.nodes[0]?.groups).toEqual([GroupId, other])
  expect(isSshOpen()).toBe(true)
  await ec2.terminateInstances({ InstanceIds: [id] })
  await launch(1)
  expect(engine.policy?.nodes.map((node) => node.id)).not.toContain(id)
  expect(engine.policy).toEqual(networkPolicy(cloud.state.ec2))
})

test('a range holds the addresses that Node says it holds', () => {
  const address = fc.ipV4()
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 32 }), address, (base, bits, other) => {
      const list = new BlockList()
      list.addSubnet(base, bits, 'ipv4')
      expect(cidrHolds(`${base}/${bits}`, other)).toBe(list.check(other, 'ipv4'))
      expect(cidrHolds(`${base}/${bits}`, base)).toBe(true)
    }),
  )
})

const peer: fc.Arbitrary<PolicyRule['peer']> = fc.oneof(
  fc.constantFrom({ cidr: '0.0.0.0/0' }, { cidr: '10.78.0.0/16' }, { cidr: '127.0.0.0/8' }, { cidr: '203.0.113.7/32' }),
  fc.constantFrom({ group: 'sg-1' }, { group: 'sg-2' }, { group: 'sg-none' }),
)
const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc
    .tuple(fc.constantFrom('tcp', 'udp'), fc.nat(65_535), fc.nat(65_535), peer)
    .map(([protocol, a, b, peer]) => ({ protocol, from: Math.min(a, b), to: Math.max(a, b), peer })),
  fc.tuple(fc.integer({ min: -1, max: 255 }), fc.integer({ min: -1, max: 255 }), peer).map(([from, to, peer]) => ({
    protocol: 'icmp',
    from,
    to,
    peer,
  })),
  fc
    .tuple(fc.constantFrom('-1', '0', '47', '50', '132', '255'), peer)
    .map(([protocol, peer]) => ({ protocol, from: -1, to: -1, peer })),
)
const rules = fc.array(rule, { maxLength: 5 })
const policy: fc.Arbitrary<NetworkPolicy> = fc.record({
  nodes: fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 4, max: 250 }).map((number) => `i-${number}`),
      privateIp: fc.integer({ min: 4, max: 250 }).map((number) => `10.78.0.${number}`),
      groups: fc.subarray(['sg-1', 'sg-2']),
    }),
    { maxLength: 6, selector: (node) => node.privateIp },
  ),
  groups: fc.tuple(rules, rules, rules, rules).map(([a, b, c, d]) => [
    { id: 'sg-1', ingress: a, egress: b },
    { id: 'sg-2', ingress: c, egress: d },
  ]),
})

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'nft takes the rules of any policy, twice',
  () => {
    fc.assert(
      fc.property(policy, (policy) => {
        const rules = policyRules(policy, '10.78.0.3')
        const command = 'nft -f - && nft list table bridge starcluster_groups > /dev/null'
        execFileSync('unshare', ['-n', 'sh', '-c', command], { input: rules + rules, timeout: 60_000 })
      }),
      { numRuns: 30 },
    )
  },
  120_000,
)
