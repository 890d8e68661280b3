import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { endFile } from '../../support/simulated/node-commands.js'
import { expectWhole } from '../../support/simulated/whole.js'

let on: Simulated

beforeEach(async () => {
  on = await simulatedManager()
  await on.cm.startCluster('c', { overrides: { clusterSize: 1 } })
  await on.cm.addNodes('c', { aliases: ['n1', 'n10', 'n2'] })
})
afterEach(() => on.close())

/** Everything a machine has in its files, but its own name and accounts. */
const traces = (id: string, word: string) =>
  ['/etc/hosts', '/etc/exports', '/etc/fstab', '/etc/ssh/ssh_known_hosts', '/root/.ssh/authorized_keys'].filter(
    (path) =>
      new RegExp(`(?<![\\w.])${word.replaceAll('.', '\\.')}(?![\\w.])`).test(
        on.engine.machines.get(id)?.files.read(path) ?? '',
      ),
  )

test('nothing on the others speaks of a removed node, and n1 takes nothing of n10 away', async () => {
  const cluster = await on.cm.getCluster('c')
  const { privateIpAddress, id } = await cluster.getNode('n1')
  const others = (await cluster.getNodes()).filter((node) => node.id !== id)
  expect(traces(others[0]!.id, 'n1')).not.toEqual([])
  await on.cm.removeNodes('c', { aliases: ['n1'] })
  for (const node of others) expect([...traces(node.id, 'n1'), ...traces(node.id, privateIpAddress)]).toEqual([])
  await expectWhole(on, 'c', ['master', 'n2', 'n10'])
})

test('a node that is kept leaves the group and the tags, runs on and knows nothing of the cluster', async () => {
  const cluster = await on.cm.getCluster('c')
  const node = await cluster.getNode('n1')
  const master = await cluster.getMaster()
  const { GroupId: own = '' } = await on.aws.ec2.createSecurityGroup({ GroupName: 'mine', Description: 'mine' })
  await on.aws.ec2.modifyInstanceAttribute({ InstanceId: node.id, Groups: [cluster.groupId, own] })
  await on.cm.removeNodes('c', { aliases: ['n1'], keepInstances: true })
  expect((await cluster.getNodes()).map(({ alias }) => alias)).toEqual(['master', 'n2', 'n10'])
  const { Reservations = [] } = await on.aws.ec2.describeInstances({ InstanceIds: [node.id] })
  const kept = Reservations[0]!.Instances![0]!
  expect(kept.State!.Name).toBe('running')
  expect(kept.SecurityGroups!.map(({ GroupName }) => GroupName).sort()).toEqual(['default', 'mine'])
  expect(kept.Tags ?? []).toEqual([])
  const volumes = await on.aws.ec2.describeVolumes({
    Filters: [{ Name: 'attachment.instance-id', Values: [node.id] }],
  })
  expect(volumes.Volumes!.flatMap(({ Tags = [] }) => Tags)).toEqual([])
  expect(on.engine.machines.get(node.id)!.mounts.size).toBe(0)
  for (const word of ['master', 'n10', master.privateIpAddress]) expect(traces(node.id, word)).toEqual([])
  expect(traces(master.id, node.privateIpAddress)).toEqual([])
  expect(on.log).toContainEqual(
    expect.stringMatching(new RegExp(`n1 is instance ${node.id} now .* t3.small costs on demand`)),
  )
  await on.cm.terminateCluster('c')
  const after = await on.aws.ec2.describeInstances({ InstanceIds: [node.id] })
  expect(after.Reservations![0]!.Instances![0]!.State!.Name).toBe('running')
})

test('a node that is kept no longer ends with its cluster, and a shutdown deletes it no more; one that cannot be told is named', async () => {
  await on.home.write('.starclusterrc', '[cluster t]\ncluster_size = 3\nttl = 1h\nttl_action = terminate\n')
  await on.cm.startCluster('d', { template: 't' })
  const cluster = await on.cm.getCluster('d')
  const [told, deaf] = await cluster.getNodes(['node001', 'node002'])
  deaf!.close()
  on.engine.machines.get(deaf!.id)!.commandsLeft = 0
  // Another program removes them: it must verify whom it talks to, and knows nobody afterwards.
  const elsewhere = new ClusterManager(on.deps)
  await elsewhere.removeNodes('d', { aliases: ['node001', 'node002'], keepInstances: true })
  await elsewhere.close()
  expect(on.engine.machines.get(told!.id)!.files.read(endFile)).toBeUndefined()
  for (const { id } of [told!, deaf!]) expect(on.cloud.state.ec2.instances[id]!.shutdownBehavior).toBe('stop')
  const warned = on.log.filter((line) => line.includes('could not be told that the ttl'))
  expect(warned).toEqual([
    expect.stringMatching(new RegExp(`node002 \\(${deaf!.id}\\) .*starcluster-ttl off" keeps it`)),
  ])
  const pins = await readFile(join(on.deps.paths.knownHostsDir, 'local', 'd'), 'utf8')
  expect(pins).not.toContain(told!.id)
  await on.cm.terminateCluster('d')
}, 60_000)

test('terminate leaves a placement group with what was kept in it, and gc removes it once that is gone', async () => {
  const type = 'placement_group = true\nmaster_instance_type = c5.large\nnode_instance_type = c5.large'
  await on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 2\n${type}\n`)
  await on.cm.startCluster('d', { template: 't' })
  const { id } = await (await on.cm.getCluster('d')).getNode('node001')
  await on.cm.removeNodes('d', { aliases: ['node001'], keepInstances: true })
  await on.cm.terminateCluster('d')
  expect(await on.cm.clusterExists('d')).toBe(false)
  expect(on.log).toContainEqual(expect.stringMatching(new RegExp(`placement group @sc-d stays, ${id} is in it`)))
  expect(await on.cm.findLeftovers()).toEqual([])
  await on.aws.ec2.terminateInstances({ InstanceIds: [id] })
  const found = async () => (await on.cm.findLeftovers()).map(({ id: name }) => name)
  await expect.poll(found, { timeout: 20_000 }).toEqual(['@sc-d'])
}, 60_000)

test('restart --reboot-only waits until every node has booted again, and sets nothing up', async () => {
  const ids = (await (await on.cm.getCluster('c')).getNodes()).map(({ id }) => id)
  const boots = () => ids.map((id) => on.engine.machines.get(id)!.bootId)
  const before = boots()
  await on.cm.restartCluster('c', { rebootOnly: true })
  for (const [at, boot] of boots().entries()) expect(boot).not.toBe(before[at])
  expect(on.log.filter((line) => line.includes('Configuring the cluster'))).toHaveLength(1)
}, 60_000)
