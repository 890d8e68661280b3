import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { haveSshd, type RunningSshd, startSshd } from '../../support/sshd.js'

// What would make nodes useless is told before one is launched or started.

let on: InProcess
beforeEach(async () => {
  on = await inProcessManager({ '.ssh/known_hosts': '' })
})
afterEach(() => on.close())

describe.skipIf(!haveSshd())('the jump host', () => {
  let jump: RunningSshd
  beforeEach(async () => {
    jump = await startSshd()
  })
  afterEach(() => jump[Symbol.asyncDispose]())

  async function start(keyFile: string | undefined, port = jump.port): Promise<void> {
    const key = keyFile === undefined ? '' : `keyname = mine\n[key mine]\nkey_location = ${keyFile}\n`
    const lines = `cluster_size = 1\nssh_proxy = ${jump.username}@${jump.host}:${port}\n${key}`
    await on.home.write('.starclusterrc', `[cluster t]\n${lines}`)
    await on.cm.startCluster('c', { template: 't', createOnly: true })
  }
  const known = () =>
    appendFile(join(on.home.path, '.ssh/known_hosts'), `[${jump.host}]:${jump.port} ${jump.hostKey}\n`)

  test('is logged in to first; each failure speaks of it, and nothing is made', async () => {
    const refused = (message: RegExp, hint: RegExp) => ({
      code: 'JumpHostUnusable',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
    const login = new RegExp(`ssh -p ${jump.port} ${jump.username}@${jump.host}`)
    await expect(start(jump.privateKeyFile)).rejects.toMatchObject(refused(/ssh_proxy: jump host .*host key/, login))
    await known()
    const other = await on.home.write('other.pem', (await generateKeyPair('ed25519')).privateKey)
    await expect(start(other)).rejects.toMatchObject(
      refused(
        /jump host .* refused the key/,
        /key pair mine: add the public half of .*other\.pem to ~\/\.ssh\/authorized_keys/,
      ),
    )
    await expect(start(jump.privateKeyFile, 1)).rejects.toMatchObject(
      refused(/jump host .* connection refused/, /does it let this computer in at port 1\?/),
    )
    await expect(start(undefined)).rejects.toMatchObject({
      code: 'ClusterValidationError',
      message: expect.stringMatching(/ssh_proxy: key pair starcluster is made by the first start/),
    })
    expect(await on.cm.clusterExists('c')).toBe(false)
    expect((await on.aws.ec2.describeKeyPairs({})).KeyPairs).toEqual([])
    await start(jump.privateKeyFile)
    expect(await on.cm.clusterExists('c')).toBe(true)
  }, 60_000)
})

test('a volume that somebody else has keeps start -x from starting nodes', async () => {
  const { ec2 } = on.aws
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'local-a', Size: 1 })
  await on.home.write(
    '.starclusterrc',
    `[cluster t]\ncluster_size = 1\nvolumes = data\n[volume data]\nvolume_id = ${VolumeId}\nmount_path = /data\n`,
  )
  const cluster = await on.cm.startCluster('c', { template: 't', createOnly: true })
  await on.cm.stopCluster('c')
  const { Instances } = await ec2.runInstances({
    ImageId: 'default',
    MinCount: 1,
    MaxCount: 1,
    Placement: { AvailabilityZone: 'local-a' },
  })
  const InstanceId = Instances![0]!.InstanceId!
  const state = async () =>
    (await ec2.describeInstances({ InstanceIds: [InstanceId] })).Reservations![0]!.Instances![0]!.State!.Name
  await expect.poll(state, { timeout: 20_000 }).toBe('running')
  await ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/sdz' })
  await expect(on.cm.startCluster('c', { create: false, createOnly: true })).rejects.toMatchObject({
    code: 'ClusterValidationError',
    message: expect.stringMatching(new RegExp(`volume data .* is attached to ${InstanceId}, not to master`)),
  })
  expect((await cluster.getMaster()).state).toBe('stopped')
  await ec2.detachVolume({ VolumeId, InstanceId })
  await on.cm.startCluster('c', { create: false, createOnly: true })
  expect((await cluster.getMaster()).state).toMatch(/pending|running/)
}, 60_000)
