import { expect, test } from 'vitest'
import { idsOf, refused, testCloud } from './support.js'

const SSH = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }

async function withGroup() {
  const cloud = testCloud()
  const { GroupId = '' } = await cloud.ec2.createSecurityGroup({ GroupName: '@sc-test', Description: 'StarCluster' })
  const permissions = async () =>
    (await cloud.ec2.describeSecurityGroups({ GroupIds: [GroupId] })).SecurityGroups?.[0]?.IpPermissions
  return { ...cloud, GroupId, permissions }
}

test('a new group lets everything out and nothing in, and is found by name, id and filter', async () => {
  const { ec2, GroupId } = await withGroup()
  for (const input of [
    { GroupIds: [GroupId] },
    { GroupNames: ['@sc-test'] },
    { Filters: [{ Name: 'group-name', Values: ['@sc-*'] }] },
    {
      Filters: [
        { Name: 'vpc-id', Values: ['vpc-*'] },
        { Name: 'description', Values: ['StarCluster'] },
      ],
    },
  ]) {
    const { SecurityGroups } = await ec2.describeSecurityGroups(input)
    expect(SecurityGroups).toMatchObject([
      {
        GroupId,
        GroupName: '@sc-test',
        IpPermissions: [],
        IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      },
    ])
  }
})

test('rules are added once, shown together by port, and taken away again', async () => {
  const { ec2, GroupId, permissions } = await withGroup()
  const added = await ec2.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [
      { ...SSH, IpRanges: [{ CidrIp: '10.1.2.3/8', Description: 'inside' }, { CidrIp: '0.0.0.0/0' }] },
      { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] },
      { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
    ],
  })
  expect(added.SecurityGroupRules).toHaveLength(4)
  expect(await permissions()).toMatchObject([
    { ...SSH, IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'inside' }, { CidrIp: '0.0.0.0/0' }] },
    { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] },
    { IpProtocol: 'icmp', Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
  ])
  const twice = ec2.authorizeSecurityGroupIngress({ GroupId, ...SSH, CidrIp: '0.0.0.0/0' })
  await expect(twice).rejects.toMatchObject(
    refused(
      'InvalidPermission.Duplicate',
      'the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists',
    ),
  )
  const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({
    Filters: [{ Name: 'group-id', Values: [GroupId] }],
  })
  expect(SecurityGroupRules).toHaveLength(5)
  await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [{ ...SSH, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] })
  const icmp = SecurityGroupRules.find((rule) => rule.IpProtocol === 'icmp')?.SecurityGroupRuleId ?? ''
  await ec2.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [icmp] })
  expect(await permissions()).toHaveLength(2)
  await ec2.revokeSecurityGroupEgress({
    GroupId,
    IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
  })
  await ec2.authorizeSecurityGroupEgress({ GroupId, IpPermissions: [{ ...SSH, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }] })
  const found = await ec2.describeSecurityGroups({ Filters: [{ Name: 'egress.ip-permission.cidr', Values: ['10.*'] }] })
  expect(found.SecurityGroups).toHaveLength(1)
})

test.each([
  ['no port', 'authorize', { IpProtocol: 'tcp', CidrIp: '0.0.0.0/0' }, 'InvalidParameterValue'],
  [
    'a range upside down',
    'authorize',
    { IpProtocol: 'tcp', FromPort: 9, ToPort: 8, CidrIp: '0.0.0.0/0' },
    'InvalidParameterValue',
  ],
  [
    'a port too high',
    'authorize',
    { IpProtocol: 'udp', FromPort: 1, ToPort: 70_000, CidrIp: '0.0.0.0/0' },
    'InvalidParameterValue',
  ],
  ['a malformed CIDR', 'authorize', { ...SSH, CidrIp: '1.2.3/8' }, 'InvalidParameterValue'],
  ['an unknown protocol', 'authorize', { IpProtocol: 'tcpp', CidrIp: '0.0.0.0/0' }, 'InvalidParameterValue'],
  ['an unknown source group', 'authorize', { SourceSecurityGroupName: 'none' }, 'InvalidGroup.NotFound'],
  ['nothing', 'authorize', {}, 'MissingParameter'],
  [
    'a description with other characters',
    'authorize',
    { IpPermissions: [{ ...SSH, IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'ä' }] }] },
    'InvalidParameterValue',
  ],
  [
    'an unknown rule id',
    'revoke',
    { SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] },
    'InvalidSecurityGroupRuleId.NotFound',
  ],
  [
    'the same twice',
    'authorize',
    { IpPermissions: [{ ...SSH, IpRanges: [{ CidrIp: '10.0.0.1/8' }, { CidrIp: '10.0.0.2/8' }] }] },
    'InvalidParameterValue',
  ],
  ['a dry run', 'authorize', { ...SSH, CidrIp: '0.0.0.0/0', DryRun: true }, 'DryRunOperation'],
])('%s is refused and changes nothing', async (_what, act, input, name) => {
  const { ec2, GroupId, permissions } = await withGroup()
  const asked = { GroupId, ...input }
  const call = act === 'revoke' ? ec2.revokeSecurityGroupIngress(asked) : ec2.authorizeSecurityGroupIngress(asked)
  await expect(call).rejects.toMatchObject(refused(name))
  expect(await permissions()).toEqual([])
})

test('a rule that is not there: told in the default VPC, refused with all the others elsewhere', async () => {
  const { ec2, GroupId, permissions } = await withGroup()
  const rules = (...cidrs: string[]) => [{ ...SSH, IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) }]
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: rules('10.0.0.0/8') })
  const revoke = { GroupId, IpPermissions: rules('10.0.0.0/8', '1.2.3.4/32') }
  const { UnknownIpPermissions } = await ec2.revokeSecurityGroupIngress(revoke)
  expect(UnknownIpPermissions).toMatchObject(rules('1.2.3.4/32'))
  expect(await permissions()).toEqual([])
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.9.0.0/16' })
  const there = await ec2.createSecurityGroup({ GroupName: 'there', Description: 'd', VpcId: Vpc!.VpcId })
  await ec2.authorizeSecurityGroupIngress({ GroupId: there.GroupId, IpPermissions: rules('10.0.0.0/8') })
  await expect(ec2.revokeSecurityGroupIngress({ ...revoke, GroupId: there.GroupId })).rejects.toMatchObject(
    refused('InvalidPermission.NotFound'),
  )
  const { SecurityGroups } = await ec2.describeSecurityGroups({ GroupIds: [there.GroupId!] })
  expect(SecurityGroups![0]!.IpPermissions).toMatchObject(rules('10.0.0.0/8'))
})

test('names: unique, not reserved, of the characters EC2 allows', async () => {
  const { ec2 } = await withGroup()
  const create = (GroupName: string, more: object = {}) =>
    ec2.createSecurityGroup({ GroupName, Description: 'd', ...more })
  await expect(create('@sc-test')).rejects.toMatchObject(refused('InvalidGroup.Duplicate', '@sc-test'))
  await expect(create('default')).rejects.toMatchObject(refused('InvalidParameterValue', 'reserved'))
  await expect(create('sg-x')).rejects.toMatchObject(refused('InvalidParameterValue'))
  await expect(create('ä')).rejects.toMatchObject(refused('InvalidParameterValue'))
  await expect(create('x', { VpcId: 'vpc-0123456789abcdef0' })).rejects.toMatchObject(refused('InvalidVpcID.NotFound'))
  await expect(create('x', { DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
  await expect(ec2.describeSecurityGroups({ GroupNames: ['none'] })).rejects.toMatchObject(
    refused('InvalidGroup.NotFound', "'none'"),
  )
  await expect(ec2.describeSecurityGroups({ GroupIds: ['x'] })).rejects.toMatchObject(
    refused('InvalidGroupId.Malformed'),
  )
})

test('a group in use is not deleted; a terminated instance no longer uses it', async () => {
  const { ec2, GroupId, launch, settled } = await withGroup()
  const ids = idsOf(await launch(1, { SecurityGroupIds: [GroupId] }))
  await expect(ec2.deleteSecurityGroup({ GroupId })).rejects.toMatchObject(refused('DependencyViolation', GroupId))
  await ec2.terminateInstances({ InstanceIds: ids })
  await settled()
  const { GroupId: other } = await ec2.createSecurityGroup({ GroupName: 'other', Description: 'd' })
  const pair = [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }]
  await ec2.authorizeSecurityGroupIngress({ GroupId: other, IpPermissions: pair })
  await expect(ec2.deleteSecurityGroup({ GroupId })).rejects.toMatchObject(refused('DependencyViolation'))
  await ec2.revokeSecurityGroupIngress({ GroupId: other, IpPermissions: pair })
  await ec2.deleteSecurityGroup({ GroupName: '@sc-test' })
  await expect(ec2.deleteSecurityGroup({ GroupId })).rejects.toMatchObject(refused('InvalidGroup.NotFound'))
  await expect(ec2.deleteSecurityGroup({ GroupName: 'default' })).rejects.toMatchObject(refused('CannotDelete'))
  await expect(ec2.deleteSecurityGroup({})).rejects.toMatchObject(refused('MissingParameter'))
})
