import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeSecurityGroups } from '../../../src/core/aws/security-groups.js'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

const launch = (tag: string, clusterSize = 3) =>
  on.cm.startCluster(tag, { createOnly: true, overrides: { clusterSize } })

test('a launched cluster is found again with its nodes, its settings and its key', async () => {
  await launch('testcluster')
  const cluster = await on.cm.getCluster('testcluster')
  const nodes = await cluster.getNodes()
  expect(nodes.map(({ alias }) => alias)).toEqual(['master', 'node001', 'node002'])
  expect(cluster.record).toMatchObject({
    keyname: 'starcluster',
    user: 'sgeadmin',
    shell: 'bash',
    size: 3,
    plugins: [],
  })
  const key = join(on.home.path, '.starcluster/keys/local/starcluster.pem')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY')
  expect(nodes[0]!.parentCluster).toBe('testcluster')
  const [instance] = (await on.aws.ec2.describeInstances({ InstanceIds: [nodes[0]!.id] })).Reservations![0]!.Instances!
  expect(instance!.MetadataOptions?.HttpTokens).toBe('required')
  expect(await cluster.getMaster()).toBe(nodes[0])
})

test('node objects, and with them connections, are used again', async () => {
  await launch('c')
  const [first] = await (await on.cm.getCluster('c')).getNodes()
  const [again] = await (await on.cm.getCluster('c')).getNodes()
  expect(again).toBe(first)
})

test('the group lets ssh in from outside and everything among its members', async () => {
  await on.home.write(
    '.starclusterrc',
    '[permission http]\nfrom_port = 80\nto_port = 80\n[cluster web]\npermissions = http\ncluster_size = 1\n',
  )
  await on.cm.startCluster('c', { createOnly: true, template: 'web', overrides: { sshCidr: '192.0.2.0/24' } })
  const [group] = await describeSecurityGroups(on.aws.ec2, ['@sc-c'])
  const rules = group!.IpPermissions!.map(({ IpProtocol, FromPort, IpRanges, UserIdGroupPairs }) => [
    IpProtocol,
    FromPort,
    IpRanges?.[0]?.CidrIp ?? UserIdGroupPairs?.[0]?.GroupId,
  ])
  expect(rules).toHaveLength(3)
  expect(rules).toEqual(
    expect.arrayContaining(
      [
        ['tcp', 22, '192.0.2.0/24'],
        ['tcp', 80, '0.0.0.0/0'],
        ['-1', expect.anything(), group!.GroupId],
      ].map((rule) => expect.arrayContaining([rule[0], rule[2]])),
    ),
  )
})

test('with a DNS prefix aliases begin with the name of the cluster, and the short names work too', async () => {
  await on.cm.startCluster('c', { createOnly: true, overrides: { dnsPrefix: true } })
  const cluster = await on.cm.getCluster('c')
  expect((await cluster.getNodes()).map(({ alias }) => alias)).toEqual(['c-master', 'c-node001'])
  expect((await cluster.getNode('node001')).alias).toBe('c-node001')
  expect((await cluster.getMaster()).isMaster()).toBe(true)
})

test('a node is found by alias, id and address; an unknown one names the nearest', async () => {
  const cluster = await launch('c')
  const [, node] = await cluster.getNodes()
  for (const name of [node!.alias, node!.id, node!.privateIpAddress, node!.privateDnsName, node!.ipAddress].filter(
    Boolean,
  )) {
    expect((await cluster.getNode(name)).id).toBe(node!.id)
  }
  await expect(cluster.getNode('node01')).rejects.toMatchObject({
    code: 'InstanceDoesNotExist',
    message: expect.stringContaining('did you mean node001'),
    hint: expect.stringContaining('master, node001, node002'),
  })
})

test('a cluster that exists is not started again, and the message says what to do', async () => {
  await launch('c')
  await expect(launch('c')).rejects.toMatchObject({
    code: 'ClusterExists',
    message: expect.stringContaining('3 nodes'),
    hint: expect.stringContaining('terminate c'),
  })
  await on.cm.stopCluster('c')
  await expect(launch('c')).rejects.toMatchObject({
    code: 'ClusterExists',
    message: expect.stringContaining('stopped'),
    hint: expect.stringContaining('start -x c'),
  })
})

test('stop keeps the nodes and start -x brings the same ones back', async () => {
  const cluster = await launch('c')
  const ids = (await cluster.getNodes()).map(({ id }) => id)
  await on.cm.stopCluster('c')
  expect(await cluster.isStopped()).toBe(true)
  await on.cm.startCluster('c', { create: false, createOnly: true })
  expect((await cluster.getNodes()).map(({ id }) => id)).toEqual(ids)
  expect(await cluster.getStoppedNodes()).toEqual([])
})

test('terminate removes the nodes and the group, whatever is left of them', async () => {
  const cluster = await launch('c')
  const [, node] = await cluster.getNodes()
  await node!.terminate()
  await on.cm.terminateCluster('c')
  expect(await on.cm.clusterExists('c')).toBe(false)
  expect(await on.cm.listClusters()).toEqual([])
  await expect(on.cm.terminateCluster('c')).rejects.toMatchObject({ code: 'ClusterDoesNotExist' })
})

test('half a start is seen, refused and cleaned up', async () => {
  await launch('c', 1)
  const [node] = await (await on.cm.getCluster('c')).getNodes()
  await node!.terminate()
  await expect.poll(async () => (await (await on.cm.getCluster('c')).getNodes()).length, { timeout: 20_000 }).toBe(0)
  await expect(launch('c')).rejects.toMatchObject({
    code: 'ClusterExists',
    message: expect.stringContaining('no nodes'),
  })
  await expect(on.cm.startCluster('c', { create: false })).rejects.toMatchObject({ code: 'NoClusterNodesFound' })
  await on.cm.terminateCluster('c')
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('a cluster whose tags were changed is listed and can be terminated', async () => {
  const cluster = await launch('c', 1)
  await on.aws.ec2.createTags({ Resources: [cluster.groupId], Tags: [{ Key: 'starcluster:core', Value: '{' }] })
  expect(await on.cm.listClusters()).toMatchObject([{ tag: 'c', nodes: [{ alias: 'master' }] }])
  await expect(on.cm.runPlugin('x', 'c')).rejects.toThrow()
  expect(() => inspect(cluster)).not.toThrow()
  await on.cm.terminateCluster('c', { force: true })
  expect(await on.cm.getClusterOrNone('c')).toBeUndefined()
})

test('clusters are listed with their nodes in two requests', async () => {
  await launch('one', 2)
  await launch('two', 1)
  expect((await on.cm.listClusters()).map(({ tag, nodes }) => [tag, nodes.map(({ alias }) => alias)])).toEqual([
    ['one', ['master', 'node001']],
    ['two', ['master']],
  ])
  expect(await on.cm.listClusters({ tags: ['two'] })).toMatchObject([
    { tag: 'two', securityGroup: '@sc-two', keyname: 'starcluster', zone: expect.stringMatching(/^local-/) },
  ])
  await expect(on.cm.listClusters({ tags: ['tow'] })).rejects.toMatchObject({
    code: 'ClusterDoesNotExist',
    message: expect.stringContaining('did you mean two'),
  })
})

test('a cluster that does not exist names the nearest and all active ones', async () => {
  await launch('testcluster', 1)
  await expect(on.cm.getCluster('testclutser')).rejects.toMatchObject({
    code: 'ClusterDoesNotExist',
    message: expect.stringContaining('did you mean testcluster'),
    hint: expect.stringContaining('testcluster'),
  })
})

test.each([
  ['an instance type', { nodeInstanceType: 't3.smal' }, 'InstanceTypeDoesNotExist', /t3\.small/],
  ['an image', { nodeImageId: 'ami-0123456789abcdef0' }, 'AMIDoesNotExist', /default/],
  ['a zone', { availabilityZone: 'local-z' }, 'InvalidZone', /local-a/],
  ['a size', { clusterSize: 0 }, 'ClusterValidationError', /./],
  ['a user', { clusterUser: 'root' }, 'ClusterValidationError', /-u/],
  ['a shell', { clusterShell: 'fish' }, 'ClusterValidationError', /tcsh/],
  ['a subnet', { subnetId: 'subnet-0123456789abcdef0' }, 'SubnetDoesNotExist', /-N/],
  ['a key pair', { keyname: 'nokey' }, 'KeyNotFound', /./],
])('%s that does not exist is refused before anything is launched', async (_, overrides, code, hint) => {
  const failure = await on.cm.startCluster('c', { overrides }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code })
  expect(`${(failure as Error).message} ${(failure as { hint?: string }).hint}`).toMatch(hint)
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('validate only makes nothing, not even a key', async () => {
  const cluster = await on.cm.startCluster('c', { validateOnly: true })
  expect(await cluster.getNodes()).toEqual([])
  expect(await on.cm.clusterExists('c')).toBe(false)
  expect((await on.aws.ec2.describeKeyPairs({})).KeyPairs).toEqual([])
})

test('the public half of a key of the config is imported; another key under its name is refused', async () => {
  const [mine, other] = await Promise.all([generateKeyPair('ed25519'), generateKeyPair('ed25519')])
  await on.home.write('mine.pem', mine.privateKey)
  await on.home.write('other.pem', other.privateKey)
  const config = (file: string) =>
    on.home.write('.starclusterrc', `[key mine]\nkey_location = ~/${file}\n[cluster c]\nkeyname = mine\n`)
  await config('mine.pem')
  await on.cm.startCluster('c', { template: 'c', createOnly: true })
  expect(
    (await on.aws.ec2.describeKeyPairs({ KeyNames: ['mine'], IncludePublicKey: true })).KeyPairs?.[0]?.PublicKey,
  ).toContain(mine.publicKey.split(' ')[1])
  await config('other.pem')
  await expect(on.cm.startCluster('d', { template: 'c', createOnly: true })).rejects.toMatchObject({
    code: 'KeyPairMismatch',
  })
})

test('a key pair without its private key here says where to get it', async () => {
  await on.aws.ec2.createKeyPair({ KeyName: 'starcluster', KeyType: 'ed25519' })
  await expect(launch('c')).rejects.toMatchObject({
    code: 'KeyPairMismatch',
    hint: expect.stringContaining('copy the file'),
  })
})

test('two first starts at once share the key they make', async () => {
  await Promise.all([launch('one', 1), launch('two', 1)])
  expect((await on.aws.ec2.describeKeyPairs({})).KeyPairs).toHaveLength(1)
})

test('a start that is interrupted before anything was launched says so', async () => {
  const controller = new AbortController()
  controller.abort(new Error('Ctrl-C'))
  await expect(on.cm.startCluster('c', { signal: controller.signal })).rejects.toMatchObject({
    code: 'CancelledStartRequest',
    message: expect.stringContaining('nothing was launched'),
    hint: expect.stringContaining('starcluster start c'),
  })
})

test('a plugin that does not exist costs nothing', async () => {
  await on.home.write('.starclusterrc', '[plugin p]\nsetup_class = nowhere.Plugin\n[cluster c]\nplugins = p\n')
  await expect(on.cm.startCluster('c', { template: 'c' })).rejects.toThrow(/nowhere/)
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('login to a stopped or missing node is refused with what to do', async () => {
  await launch('c', 1)
  await on.cm.stopCluster('c')
  await expect(on.cm.sshTarget('c', 'master')).rejects.toMatchObject({
    code: 'InstanceNotRunning',
    hint: expect.stringContaining('start -x c'),
  })
  await expect(on.cm.sshToNode('c', 'node009')).rejects.toMatchObject({ code: 'InstanceDoesNotExist' })
  await expect(on.cm.runPlugin('p', 'c')).rejects.toThrow()
})

test('objects print as one short line without secrets, and answer to the old names', async () => {
  const cluster = await launch('c')
  const [master] = await cluster.getNodes()
  expect(inspect(cluster)).toMatch(/^Cluster c \(region local\): master.*$/)
  expect(inspect(master)).toMatch(/^Node master \(i-[0-9a-f]+, \w+(, [\d.]+)?\)$/)
  expect(inspect(on.cm)).toBe('ClusterManager (region local)')
  expect(inspect(on.aws.ec2)).toBe('[EC2 local]')
  expect((await on.cm.get_cluster('c')).tag).toBe('c')
  expect(Object.keys(on.cm)).not.toContain('run_plugin')
})
