import type { BlockDeviceMapping, Image } from '@aws-sdk/client-ec2'
import type { FilterTable } from '../filters.js'

/** Of an image as it is told. Source: EC2 API reference, DescribeImages, Filter.N. */
export const IMAGE_FILTERS: FilterTable<Image> = {
  architecture: (image) => image.Architecture,
  'block-device-mapping.delete-on-termination': ofVolumes(({ Ebs }) => Ebs?.DeleteOnTermination),
  'block-device-mapping.device-name': ofVolumes(({ DeviceName }) => DeviceName),
  'block-device-mapping.encrypted': ofVolumes(({ Ebs }) => Ebs?.Encrypted),
  'block-device-mapping.snapshot-id': ofVolumes(({ Ebs }) => Ebs?.SnapshotId),
  'block-device-mapping.volume-size': ofVolumes(({ Ebs }) => Ebs?.VolumeSize),
  'block-device-mapping.volume-type': ofVolumes(({ Ebs }) => Ebs?.VolumeType),
  'creation-date': (image) => image.CreationDate,
  description: (image) => image.Description,
  'ena-support': (image) => image.EnaSupport,
  'free-tier-eligible': () => true,
  hypervisor: (image) => image.Hypervisor,
  'image-allowed': () => true,
  'image-id': (image) => image.ImageId,
  'image-type': (image) => image.ImageType,
  'is-public': (image) => image.Public,
  'manifest-location': (image) => image.ImageLocation,
  name: (image) => image.Name,
  'owner-alias': (image) => image.ImageOwnerAlias,
  'owner-id': (image) => image.OwnerId,
  'platform-details': (image) => image.PlatformDetails,
  'root-device-name': (image) => image.RootDeviceName,
  'root-device-type': (image) => image.RootDeviceType,
  'source-image-id': (image) => image.SourceImageId,
  'source-image-region': (image) => image.SourceImageRegion,
  'source-instance-id': (image) => image.SourceInstanceId,
  state: (image) => image.State,
  'state-reason-code': (image) => image.StateReason?.Code,
  'state-reason-message': (image) => image.StateReason?.Message,
  'usage-operation': (image) => image.UsageOperation,
  'virtualization-type': (image) => image.VirtualizationType,
  // What no image here has: such a filter finds nothing, and is no mistake.
  ...Object.fromEntries(
    [
      ...['boot-mode', 'kernel-id', 'platform', 'product-code', 'product-code.type', 'public-ssm-parameter-name'],
      ...['ramdisk-id', 'sriov-net-support', 'tpm-support'],
      'instance-type-specification.supported-instance-type',
      'instance-type-specification.unsupported-instance-type',
    ].map((name) => [name, () => undefined]),
  ),
}

function ofVolumes(of: (mapping: BlockDeviceMapping) => string | number | boolean | undefined) {
  return (image: Image) =>
    (image.BlockDeviceMappings ?? []).map((mapping) => {
      const value = of(mapping)
      return value === undefined ? undefined : String(value)
    })
}
