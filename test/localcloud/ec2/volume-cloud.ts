import { testCloud } from './support.js'

export const ZONE = 'local-a'

/** A cloud with ways to make a volume and to look at one. */
export function volumeCloud(options: Parameters<typeof testCloud>[0] = {}) {
  const made = testCloud(options)
  const { ec2, settled } = made
  return {
    ...made,
    create: async (input: object = {}): Promise<string> => {
      const { VolumeId = '' } = await ec2.createVolume({ AvailabilityZone: ZONE, Size: 10, ...input })
      await settled()
      return VolumeId
    },
    look: async (id: string) => (await ec2.describeVolumes({ VolumeIds: [id] })).Volumes?.[0],
    /** A snapshot that is taken. */
    snap: async (VolumeId: string, more: object = {}): Promise<string> => {
      const { SnapshotId = '' } = await ec2.createSnapshot({ VolumeId, ...more })
      await settled()
      return SnapshotId
    },
    lookAtSnapshot: async (id: string) => (await ec2.describeSnapshots({ SnapshotIds: [id] })).Snapshots?.[0],
  }
}
