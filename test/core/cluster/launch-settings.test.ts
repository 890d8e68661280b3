import { beforeEach, expect, test } from 'vitest'
import { describeSecurityGroups } from '../../../src/core/aws/security-groups.js'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { profileAct } from '../../../src/localcloud/ec2/profiles/profiles.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

// What settings of a template make of the launch, as EC2 tells it afterwards.

let on: InProcess
beforeEach(async () => {
  on = await inProcessManager()
  return async () => on.close()
})

/** A cluster of one node from a template with these lines. */
async function launch(lines: string, more: string = ''): Promise<void> {
  await on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 1\n${lines}\n${more}`)
  await on.cm.startCluster('c', { createOnly: true, template: 't' })
}

async function instances() {
  const { Reservations = [] } = await on.aws.ec2.describeInstances({})
  return Reservations.flatMap(({ Instances = [] }) => Instances)
}

async function rootVolumes() {
  return (await on.aws.ec2.describeVolumes({})).Volumes!
}

test('the root volume is encrypted gp3 as large as the image, unless the template says otherwise', async () => {
  await launch('')
  expect(await rootVolumes()).toMatchObject([{ Size: 8, VolumeType: 'gp3', Encrypted: true }])
})

test('root_volume_size, _type and _encrypted are those of the root volume, also of nodes that join later', async () => {
  await launch('root_volume_size = 20\nroot_volume_type = gp2\nroot_volume_encrypted = no')
  const wanted = { Size: 20, VolumeType: 'gp2', Encrypted: false }
  expect(await rootVolumes()).toMatchObject([wanted])
  const { rootVolume } = (await on.cm.getCluster('c')).record.launch!
  expect(rootVolume).toEqual({ size: 20, type: 'gp2', encrypted: false })
})

test('a root volume smaller than the image is refused before anything is made', async () => {
  await expect(launch('root_volume_size = 4')).rejects.toMatchObject({
    code: 'ClusterValidationError',
    message: 'root_volume_size = 4: image default needs at least 8 GiB',
  })
  expect(await describeSecurityGroups(on.aws.ec2, ['@sc-*'])).toEqual([])
})

test('iam_profile is the instance profile; one that does not exist leaves nothing behind', async () => {
  await expect(launch('iam_profile = nobody')).rejects.toMatchObject({ message: expect.stringContaining('nobody') })
  expect(await describeSecurityGroups(on.aws.ec2, ['@sc-*'])).toEqual([])
  const [arn] = await profileAct({ add: 'cluster-node' }, on.cloud)
  await launch('iam_profile = cluster-node')
  expect((await instances())[0]!.IamInstanceProfile!.Arn).toBe(arn)
  await on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 1\niam_profile = ${arn}\n`)
  await on.cm.startCluster('d', { createOnly: true, template: 't' })
  expect((await instances()).map(({ IamInstanceProfile }) => IamInstanceProfile?.Arn)).toEqual([arn, arn])
})

test('tags are on nodes, their volumes and the group; a Name of the user counts', async () => {
  await launch('tags = project = genome, Name = mine')
  const [instance] = await instances()
  const [volume] = await rootVolumes()
  const [group] = await describeSecurityGroups(on.aws.ec2, ['@sc-c'])
  const own = [
    { Key: 'project', Value: 'genome' },
    { Key: 'Name', Value: 'mine' },
  ]
  for (const { Tags } of [instance!, volume!, group!]) expect(Tags).toEqual(expect.arrayContaining(own))
  expect(instance!.Tags!.filter(({ Key }) => Key === 'Name')).toHaveLength(1)
  expect((await on.cm.getCluster('c')).record.launch!.tags).toEqual({ project: 'genome', Name: 'mine' })
})

async function sshRanges(): Promise<(string | undefined)[]> {
  const [group] = await describeSecurityGroups(on.aws.ec2, ['@sc-c'])
  const rules = group!.IpPermissions!.filter(({ IpProtocol, FromPort }) => IpProtocol === 'tcp' && FromPort === 22)
  return rules.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp))
}

/** The caller's own address is what the region says. */
async function launchFrom(address: string, lines: string, more = ''): Promise<void> {
  const cm = new ClusterManager({ ...on.deps, region: { ...on.deps.region, callerCidr: async () => address } })
  await on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 1\n${lines}\n${more}`)
  await cm.startCluster('c', { createOnly: true, template: 't' })
}

const openToAll = () => on.log.filter((line) => line.includes('open to everybody'))

test('ssh is open to the own address only', async () => {
  await launchFrom('198.51.100.7/32', '')
  expect(await sshRanges()).toEqual(['198.51.100.7/32'])
  expect(openToAll()).toEqual([])
})

test('ssh_cidr says who else may reach ssh, and everybody is never let in without a word', async () => {
  await launchFrom('198.51.100.7/32', 'ssh_cidr = 0.0.0.0/0')
  expect(await sshRanges()).toEqual(['0.0.0.0/0'])
  expect(openToAll()).toHaveLength(1)
})

test('a permission that opens ssh takes the place of the own address', async () => {
  const permission = '[permission p]\nfrom_port = 22\nto_port = 22\ncidr_ip = 192.0.2.0/24\n'
  await launchFrom('198.51.100.7/32', 'permissions = p', permission)
  expect(await sshRanges()).toEqual(['192.0.2.0/24'])
  expect(openToAll()).toEqual([])
})

test('an own address that nobody tells is an error before anything is made', async () => {
  const callerCidr = async () => {
    throw new Error('no network')
  }
  const cm = new ClusterManager({ ...on.deps, region: { ...on.deps.region, callerCidr } })
  await expect(cm.startCluster('c', { createOnly: true })).rejects.toThrow('no network')
  expect(await describeSecurityGroups(on.aws.ec2, ['@sc-*'])).toEqual([])
})

test('start_timeout ends the wait for nodes that do not answer, and says how to go on', async () => {
  await on.home.write('.starclusterrc', '[cluster t]\ncluster_size = 1\nstart_timeout = 1s\n')
  await expect(on.cm.startCluster('c', { template: 't' })).rejects.toMatchObject({
    code: 'WaitTimeoutError',
    message: expect.stringMatching(/timed out after 1 s waiting for the nodes of cluster c .*start_timeout/),
    hint: expect.stringContaining('start -x c'),
  })
})

test('settings without effect yet are told, one line each', async () => {
  await launch('queue = slurm')
  const told = on.log
    .filter((line) => line.includes('not supported yet'))
    .map((line) => /[a-z_]+(?=( = \w+)? is not)/.exec(line)?.[0])
  expect(told).toEqual(['queue'])
})
