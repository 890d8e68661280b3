import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeTermination } from '../../../src/core/cluster/terminate-plan.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

// Clusters that nobody terminates by mistake.

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

const template = (lines: string) => on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 2\n${lines}\n`)
const launch = () => on.cm.startCluster('c', { createOnly: true, template: 't' })
const refusal = { code: 'ClusterProtected', hint: '"starcluster protect --off c" lifts that' }

/** Whether EC2 protects them, in their order. */
async function protectedByEc2(): Promise<(boolean | undefined)[]> {
  const nodes = await (await on.cm.getCluster('c')).getNodes()
  const ask = async (InstanceId: string) => {
    const asked = { InstanceId, Attribute: 'disableApiTermination' as const }
    return (await on.aws.ec2.describeInstanceAttribute(asked)).DisableApiTermination?.Value
  }
  return Promise.all(nodes.map(({ id }) => ask(id)))
}

test('a protected cluster is not terminated, by anybody, before that is lifted', async () => {
  await template('protected = true')
  await launch()
  expect(await protectedByEc2()).toEqual([true, true])
  await expect(on.cm.terminateCluster('c', { force: true })).rejects.toMatchObject(refusal)
  await expect(on.cm.removeNodes('c', { force: true })).rejects.toMatchObject(refusal)
  const [node] = await (await on.cm.getCluster('c')).getNodes()
  await expect(node!.terminate()).rejects.toMatchObject({ message: expect.stringContaining('disableApiTermination') })
  expect(describeTermination(await on.cm.planTermination('c'))).toContain('protected: refused until')
  expect((await on.cm.listClusters())[0]).toMatchObject({ isProtected: true })
  await on.cm.protectCluster('c', { on: false })
  expect(await protectedByEc2()).toEqual([false, false])
  await on.cm.terminateCluster('c')
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('a running cluster is protected with all its nodes, the spot ones left out and named', async () => {
  await template('spot_max_price = 0.1')
  await launch()
  await on.cm.protectCluster('c')
  expect(await protectedByEc2()).toEqual([true, false])
  expect(on.log).toContainEqual(expect.stringContaining('EC2 does not protect spot instances: node001'))
  await expect(on.cm.terminateCluster('c')).rejects.toMatchObject(refusal)
  await on.cm.protectCluster('c', { on: false })
  await on.cm.terminateCluster('c')
})

test('what somebody else protected is told as protected', async () => {
  await template('')
  await launch()
  const [master] = await (await on.cm.getCluster('c')).getNodes()
  await on.aws.ec2.modifyInstanceAttribute({ InstanceId: master!.id, DisableApiTermination: { Value: true } })
  await expect(on.cm.terminateCluster('c')).rejects.toMatchObject(refusal)
  await on.cm.protectCluster('c', { on: false })
  await on.cm.terminateCluster('c')
})

test('gc leaves the group of a protected cluster without nodes alone', async () => {
  const TagSpecifications = [
    { ResourceType: 'security-group' as const, Tags: [{ Key: 'starcluster:protected', Value: 'true' }] },
  ]
  await on.aws.ec2.createSecurityGroup({ GroupName: '@sc-safe', Description: 'safe', TagSpecifications })
  await on.aws.ec2.createSecurityGroup({ GroupName: '@sc-left', Description: 'left' })
  expect((await on.cm.findLeftovers()).map(({ cluster }) => cluster)).toEqual(['left'])
})

test('a cluster that would delete itself cannot be protected: said before anything is made, and later', async () => {
  await template('protected = true\nttl = 8h\nttl_action = terminate')
  await expect(launch()).rejects.toMatchObject({
    message: expect.stringMatching(/ttl_action = terminate: a protected/),
  })
  expect(await on.cm.clusterExists('c')).toBe(false)
  await template('ttl_action = terminate')
  await launch()
  await expect(on.cm.protectCluster('c')).rejects.toMatchObject({
    message: expect.stringMatching(/cluster c cannot be protected: .*ttl_action = terminate/),
  })
  await on.cm.terminateCluster('c')
})

test('a protected start that AWS refuses halfway leaves nothing behind', async () => {
  await template('protected = true\nmaster_instance_type = t3.large')
  on.wire.refuse = (form) =>
    form.get('Action') === 'RunInstances' && form.get('InstanceType') === 't3.small' && form.get('DryRun') !== 'true'
      ? 'InternalError'
      : undefined
  await expect(launch()).rejects.toThrow()
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('a ttl of seconds, or of years, is a slip', async () => {
  await template('ttl = 8')
  await expect(launch()).rejects.toMatchObject({
    message: expect.stringMatching(/ttl = 8 s: expected at least a minute/),
  })
  await template('ttl = 900d')
  await expect(launch()).rejects.toMatchObject({ message: expect.stringMatching(/ttl = 900 days: expected at most/) })
})
