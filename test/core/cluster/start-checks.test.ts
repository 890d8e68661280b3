import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SeveralProblems } from '../../../src/core/cluster/problems.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

let on: InProcess
beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

const VPC = 'vpc-01078000000000000'

/** Whatever a start could have made. */
async function nothingMade(): Promise<void> {
  const { ec2 } = on.cloud.state
  expect(ec2.instances).toEqual({})
  expect(ec2.keyPairs).toEqual({})
  expect(ec2.placementGroups ?? {}).toEqual({})
  expect(Object.values(ec2.securityGroups).map(({ name }) => name)).toEqual(['default'])
}

async function subnet(CidrBlock: string, input: object = {}): Promise<string> {
  const { Subnet } = await on.aws.ec2.createSubnet({ VpcId: VPC, CidrBlock, AvailabilityZone: 'local-b', ...input })
  return Subnet?.SubnetId ?? ''
}

const failureOf = async (overrides: object) =>
  (await on.cm.startCluster('c', { overrides, createOnly: true }).catch((error: unknown) => error)) as SeveralProblems

test('all that is wrong is told at once, each with its remedy, and nothing is made', async () => {
  const failure = await failureOf({
    clusterUser: 'root',
    clusterShell: 'fish',
    nodeInstanceType: 't3.smal',
    nodeImageId: 'ami-0123456789abcdef0',
    availabilityZone: 'local-z',
    subnetId: 'subnet-0123456789abcdef0',
    userdataScript: ['/nowhere/boot.sh'],
    plugins: ['noplugin'],
  })
  expect(failure.code).toBe('ClusterValidationError')
  expect(failure.problems.map(({ code }) => code).sort()).toEqual([
    'AMIDoesNotExist',
    'ClusterValidationError',
    'ClusterValidationError',
    'ClusterValidationError',
    'InstanceTypeDoesNotExist',
    'InvalidZone',
    'PluginNotFound',
    'SubnetDoesNotExist',
  ])
  expect(failure.message).toMatch(/^8 problems; nothing was made:\n- /)
  for (const { message, hint } of failure.problems) {
    expect(failure.message).toContain(hint ? `- ${message}\n  ${hint}` : `- ${message}`)
  }
  await nothingMade()
})

test('a problem that several nodes share is told once, and one alone as itself', async () => {
  await on.home.write('.starclusterrc', '[cluster c]\nnode_instance_type = m5.large:1, c5.large\ncluster_size = 3\n')
  const start = on.cm.startCluster('c', { template: 'c', overrides: { nodeImageId: 'ami-0123456789abcdef0' } })
  await expect(start).rejects.toMatchObject({ code: 'AMIDoesNotExist' })
})

test('public_ips true needs a gateway and a route; false needs a subnet', async () => {
  expect(await failureOf({ publicIps: false })).toMatchObject({ message: expect.stringContaining('needs a subnet') })
  const { Vpc } = await on.aws.ec2.createVpc({ CidrBlock: '10.78.192.0/24' })
  const id = await subnet('10.78.192.0/24', { VpcId: Vpc?.VpcId })
  expect(await failureOf({ subnetId: id, publicIps: true })).toMatchObject({
    code: 'ClusterValidationError',
    message: expect.stringContaining('no internet gateway'),
  })
  const { InternetGateway } = await on.aws.ec2.createInternetGateway({})
  const GatewayId = InternetGateway?.InternetGatewayId
  await on.aws.ec2.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId: Vpc?.VpcId })
  expect(await failureOf({ subnetId: id, publicIps: true })).toMatchObject({
    message: expect.stringContaining('no route'),
  })
  await nothingMadeButGroupOf(Vpc?.VpcId)
  const { RouteTables } = await on.aws.ec2.describeRouteTables({
    Filters: [{ Name: 'vpc-id', Values: [Vpc?.VpcId ?? ''] }],
  })
  const RouteTableId = RouteTables?.[0]?.RouteTableId
  await on.aws.ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId })
  const cluster = await on.cm.startCluster('c', { overrides: { subnetId: id, publicIps: true }, createOnly: true })
  const [master] = await cluster.getNodes()
  expect(master).toMatchObject({ ipAddress: expect.stringMatching(/^127\./), placement: 'local-b' })
})

async function nothingMadeButGroupOf(vpc: string | undefined): Promise<void> {
  const { securityGroups, instances } = on.cloud.state.ec2
  expect(instances).toEqual({})
  expect(Object.values(securityGroups).map(({ name, vpcId }) => [name, vpcId])).toEqual([
    ['default', VPC],
    ['default', vpc],
  ])
}

test('a subnet must have room for all nodes and be in the zone that is asked for; both are told', async () => {
  const subnetId = await subnet('10.78.192.0/28')
  const failure = await failureOf({ subnetId, availabilityZone: 'local-a', clusterSize: 12 })
  expect(failure.problems).toMatchObject([
    { code: 'InvalidZone' },
    { message: expect.stringContaining('11 free addresses, and 12 nodes') },
  ])
  await nothingMade()
  const cluster = await on.cm.startCluster('c', { overrides: { subnetId, clusterSize: 11 }, createOnly: true })
  const nodes = await cluster.getNodes()
  expect(nodes.map(({ ipAddress }) => ipAddress)).toEqual(Array(11).fill(''))
  expect(on.log.join('\n')).toMatch(/no public addresses.*ssh_proxy/)
})

test('what EC2 would refuse at the launch is told before anything is made', async () => {
  const asked: string[] = []
  on.wire.refuse = (form) => {
    asked.push(`${form.get('Action')}${form.get('DryRun') ? ' dry' : ''}`)
    return form.get('Action') === 'RunInstances' ? 'UnauthorizedOperation' : undefined
  }
  const failure = await failureOf({})
  expect(failure).toMatchObject({ code: 'UnauthorizedOperation', hint: expect.stringContaining('administrator') })
  expect(asked.filter((action) => action.startsWith('RunInstances'))).toEqual(['RunInstances dry'])
  await nothingMade()
})

test('a preview tells what the start then makes, and changes nothing', async () => {
  await on.home.write(
    '.starclusterrc',
    `[permission http]
from_port = 80
to_port = 81
[cluster c]
cluster_size = 4
node_instance_type = t3.small
master_instance_type = m5.large
placement_group = true
permissions = http
availability_zone = local-c
`,
  )
  const before = JSON.stringify(on.cloud.state.ec2.instances)
  const preview = await on.cm.previewStart('c', { template: 'c' })
  expect(JSON.stringify(on.cloud.state.ec2.instances)).toBe(before)
  await nothingMade()
  expect(preview).toMatchObject({
    tag: 'c',
    region: 'local',
    nodes: [
      { aliases: ['master'], instanceType: 'm5.large', zone: 'local-c', placementGroup: '@sc-c' },
      { aliases: ['node001', 'node002', 'node003'], instanceType: 't3.small', placementGroup: undefined },
    ],
    network: { vpcId: VPC, publicIps: true },
    securityGroup: {
      name: '@sc-c',
      rules: ['tcp 22 from 0.0.0.0/0', 'tcp 80-81 from 0.0.0.0/0', 'everything between its nodes'],
    },
    keyPair: { name: 'starcluster', work: 'make' },
  })
  const made = await callsDuring(() => on.cm.startCluster('c', { template: 'c', createOnly: true }))
  expect(made).toEqual(preview.calls)
  await expect(on.cm.previewStart('c', { template: 'c' })).rejects.toMatchObject({ code: 'ClusterExists' })
})

/** Calls that change something. */
async function callsDuring(act: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  on.wire.refuse = (form) => {
    const action = form.get('Action') ?? ''
    if (!/^Describe/.test(action) && !form.get('DryRun')) counts[action] = (counts[action] ?? 0) + 1
    return undefined
  }
  await act()
  return counts
}

test('a placement group takes the nodes that can be in it, the later ones too, and goes with the cluster', async () => {
  await on.home.write('.starclusterrc', '[cluster c]\nnode_instance_type = c5.large\nplacement_group = true\n')
  const cluster = await on.cm.startCluster('c', {
    template: 'c',
    createOnly: true,
    overrides: { masterInstanceType: 't3.small' },
  })
  const groupsOfNodes = () =>
    Object.values(on.cloud.state.ec2.instances).map(({ instanceType, placementGroup }) => [
      instanceType,
      placementGroup,
    ])
  expect(groupsOfNodes()).toEqual([
    ['t3.small', undefined],
    ['c5.large', '@sc-c'],
  ])
  expect(on.log.join('\n')).toContain('instance type t3.small cannot be in a placement group')
  expect(cluster.record.placementGroup).toBe(true)
  await on.cm.terminateCluster('c')
  expect(on.cloud.state.ec2.placementGroups).toEqual({})
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('a launch that fails leaves no placement group', async () => {
  await on.home.write('.starclusterrc', '[cluster c]\nnode_instance_type = c5.large\nplacement_group = true\n')
  const { faultsOf } = await import('../../../src/localcloud/ec2/index.js')
  await faultsOf(on.cloud).inject({ kind: 'capacity' })
  await expect(on.cm.startCluster('c', { template: 'c' })).rejects.toThrow()
  await expect(on.cm.clusterExists('c')).resolves.toBe(false)
  expect(on.cloud.state.ec2.placementGroups).toEqual({})
}, 120_000)

test('a jump host is written as user@host:port', async () => {
  await on.home.write('.starclusterrc', '[cluster c]\nssh_proxy = bastion\n')
  await expect(on.cm.startCluster('c', { template: 'c' })).rejects.toMatchObject({
    code: 'ClusterValidationError',
    hint: expect.stringContaining('USER@HOST'),
  })
})
