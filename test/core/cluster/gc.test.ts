import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

const tags = (ResourceType: 'instance' | 'volume' | 'security-group', cluster: string) => [
  { ResourceType, Tags: [{ Key: 'starcluster:cluster', Value: cluster }] },
]

/** What a cluster that is gone could have left, beside a living cluster with the same things. */
async function leave() {
  const { ec2 } = on.aws
  await on.cm.startCluster('lives', { createOnly: true })
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: '@sc-gone', Description: 'gone' })
  const launch = { ImageId: 'default', MinCount: 1, MaxCount: 1 }
  const { Instances } = await ec2.runInstances({ ...launch, TagSpecifications: tags('instance', 'gone') })
  const volume = { AvailabilityZone: 'local-a', Size: 1 }
  const { VolumeId } = await ec2.createVolume({ ...volume, TagSpecifications: tags('volume', 'gone') })
  await ec2.createVolume({ ...volume, TagSpecifications: tags('volume', 'lives') })
  await ec2.createVolume(volume)
  const pins = await on.home.write('.starcluster/known_hosts.d/local/gone', 'i-1 ssh-ed25519 AAAA\n')
  await on.home.write('.starcluster/known_hosts.d/local/lives', 'i-2 ssh-ed25519 AAAA\n')
  const draft = await on.home.write('.starcluster/keys/local/starcluster.pem.999999999.0a1b2c3d', 'half a key')
  await expect
    .poll(async () => (await ec2.describeVolumes({ VolumeIds: [VolumeId!] })).Volumes![0]!.State, { timeout: 20_000 })
    .toBe('available')
  return { GroupId, InstanceId: Instances![0]!.InstanceId, VolumeId, pins, draft }
}

test('leftovers are found and removed; living clusters and what is not ours stay', async () => {
  const left = await leave()
  const found = await on.cm.findLeftovers()
  expect(found.map(({ kind, id }) => [kind, id])).toEqual([
    ['security group', left.GroupId],
    ['file', left.pins],
    ['file', left.draft],
  ])
  await on.cm.removeLeftovers(found)
  await on.cm.removeLeftovers(found) // somebody else was faster
  expect(await on.cm.findLeftovers()).toEqual([])
  expect((await (await on.cm.getCluster('lives')).getNodes()).map(({ alias }) => alias)).toEqual(['master', 'node001'])
  expect(readdirSync(join(on.home.path, '.starcluster/known_hosts.d/local'))).toEqual(['lives'])
  expect(readdirSync(join(on.home.path, '.starcluster/keys/local'))).toEqual(['starcluster.pem'])
  const { Volumes = [] } = await on.aws.ec2.describeVolumes({ Filters: [{ Name: 'status', Values: ['available'] }] })
  expect(Volumes.map(({ VolumeId }) => VolumeId)).toContain(left.VolumeId) // somebody kept it
  expect(Volumes).toHaveLength(3)
  const { Reservations = [] } = await on.aws.ec2.describeInstances({ InstanceIds: [left.InstanceId!] })
  expect(Reservations[0]?.Instances?.[0]?.State?.Name).not.toMatch(/shutting-down|terminated/)
})

test('a region without clusters has no leftovers', async () => {
  expect(await on.cm.findLeftovers()).toEqual([])
})

test('a key pair that StarCluster made, no cluster uses and nobody here can use is left over; no other is', async () => {
  const { ec2 } = on.aws
  const mine = (await generateKeyPair('ed25519')).publicKey
  await ec2.importKeyPair({ KeyName: 'mine', PublicKeyMaterial: Buffer.from(mine) })
  await on.cm.startCluster('c', { createOnly: true, overrides: { clusterSize: 1 } })
  const file = join(on.home.path, '.starcluster/keys/local/starcluster.pem')
  const key = readFileSync(file, 'utf8')
  rmSync(file)
  expect(await on.cm.findLeftovers()).toEqual([]) // the cluster uses it
  await on.cm.terminateCluster('c')
  const found = await on.cm.findLeftovers()
  expect(found).toMatchObject([{ kind: 'key pair', id: 'starcluster' }])
  await on.home.write('.starcluster/keys/local/starcluster.pem', key)
  expect(await on.cm.findLeftovers()).toEqual([]) // the next start uses it
  await on.cm.removeLeftovers(found)
  expect((await ec2.describeKeyPairs({})).KeyPairs!.map(({ KeyName }) => KeyName)).toEqual(['mine'])
  await on.cm.startCluster('d', { createOnly: true }) // and imports it again
})
