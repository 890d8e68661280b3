import { expect, test } from 'vitest'
import { Node } from '../../../src/core/node/node.js'
import { deleteRootVolume } from '../../../src/core/node/volumes.js'

/** A node of EC2's answer, and EC2's calls for volumes written down: the local cloud has no machine without a root volume. */
function given(state: 'running' | 'stopped', volumeId: string | undefined) {
  const calls: string[] = []
  const ec2 = {
    detachVolume: async ({ VolumeId = '' }) => void calls.push(`detach ${VolumeId}`),
    describeVolumes: async () => ({
      Volumes: [{ State: calls.includes('asked') ? 'available' : 'in-use' }],
      asked: calls.push('asked'),
    }),
    deleteVolume: async ({ VolumeId = '' }) => void calls.push(`delete ${VolumeId}`),
  }
  const mapping = volumeId ? [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: volumeId } }] : []
  const node = new Node(
    'node001',
    { InstanceId: 'i-1', State: { Name: state }, RootDeviceName: '/dev/xvda', BlockDeviceMappings: mapping },
    {} as never,
  )
  return { calls, remove: () => deleteRootVolume(ec2 as never, node) }
}

test('the root volume is detached, waited for and deleted', async () => {
  const { calls, remove } = given('stopped', 'vol-1')
  await remove()
  expect(calls).toEqual(['detach vol-1', 'asked', 'asked', 'delete vol-1'])
})

test.each([
  ['running', 'vol-1', /cannot be deleted while it is running/],
  ['stopped', undefined, /has no root volume/],
] as const)('nothing is asked of EC2 for a node that is %s with root volume %s', async (state, volume, message) => {
  const { calls, remove } = given(state, volume)
  await expect(remove()).rejects.toThrow(message)
  expect(calls).toEqual([])
})
