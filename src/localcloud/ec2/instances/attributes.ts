import type {
  DescribeInstanceAttributeRequest,
  InstanceAttribute,
  InstanceAttributeName,
  InstanceBlockDeviceMappingSpecification,
  ModifyInstanceAttributeRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { ROOT_DEVICE } from '../images/images.js'
import { INSTANCE_TYPES } from '../instance-types/types.js'
import type { InstanceRecord } from '../state.js'
import { volumesOf } from '../volumes/attachments.js'
import { attachmentPoint } from '../volumes/device-names.js'
import { blockDeviceMappings } from '../volumes/views.js'
import { setGroups } from '../vpc/find-interface.js'
import { requireSubnet } from '../vpc/subnets.js'
import { requireInstances } from './describe-instances.js'
import { groupsIn } from './launch-network.js'
import { parseShutdownBehavior, parseUserData } from './launch-plan.js'
import { groupsOf } from './view.js'

type View = (instance: InstanceRecord, cloud: Cloud) => Omit<InstanceAttribute, 'InstanceId'>

const ATTRIBUTES: Partial<Record<InstanceAttributeName, View>> = {
  userData: ({ userData }) => ({ UserData: userData === undefined ? {} : { Value: userData } }),
  instanceType: ({ instanceType }) => ({ InstanceType: { Value: instanceType } }),
  disableApiTermination: (instance) => ({ DisableApiTermination: { Value: instance.disableApiTermination } }),
  disableApiStop: (instance) => ({ DisableApiStop: { Value: instance.disableApiStop } }),
  instanceInitiatedShutdownBehavior: (instance) => ({
    InstanceInitiatedShutdownBehavior: { Value: instance.shutdownBehavior },
  }),
  rootDeviceName: () => ({ RootDeviceName: { Value: ROOT_DEVICE } }),
  sourceDestCheck: (instance) => ({ SourceDestCheck: { Value: instance.sourceDestCheck } }),
  ebsOptimized: (instance) => ({ EbsOptimized: { Value: instance.ebsOptimized } }),
  enaSupport: () => ({ EnaSupport: { Value: true } }),
  groupSet: (instance, cloud) => ({ Groups: groupsOf(instance, cloud).map(({ GroupId }) => ({ GroupId })) }),
  blockDeviceMapping: (instance, cloud) => ({ BlockDeviceMappings: blockDeviceMappings(cloud, instance) }),
}

export function describeInstanceAttribute(input: DescribeInstanceAttributeRequest, cloud: Cloud): InstanceAttribute {
  const instance = requireInstances(cloud.state.ec2, [input.InstanceId ?? ''])[0] as InstanceRecord
  const name = input.Attribute
  const view = name !== undefined && Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined
  if (!view) throw invalidValue(name, 'attribute', 'Unknown attribute.')
  endDryRun(input)
  return { InstanceId: instance.id, ...view(instance, cloud) }
}

/** One attribute a request, as EC2 has it; groups, protection flags, what happens to volumes, and, while stopped, type and user data. */
export function modifyInstanceAttribute(input: ModifyInstanceAttributeRequest, cloud: Cloud): undefined {
  const instance = requireInstances(cloud.state.ec2, [input.InstanceId ?? ''])[0] as InstanceRecord
  const change = parseChange(input, instance, cloud)
  endDryRun(input)
  change()
}

/** Everything is looked at here; the change itself cannot fail. */
function parseChange(input: ModifyInstanceAttributeRequest, instance: InstanceRecord, cloud: Cloud): () => void {
  const changes: (() => void)[] = []
  const { Attribute: name, Value: value } = input
  const type = input.InstanceType?.Value ?? named(name, 'instanceType', value)
  if (type !== undefined) {
    if (!INSTANCE_TYPES.has(type))
      throw new AwsError('InvalidInstanceAttributeValue', `Invalid value '${type}' for InstanceType.`)
    requireStopped(instance)
    changes.push(() => void (instance.instanceType = type))
  }
  const userData = input.UserData?.Value
    ? Buffer.from(input.UserData.Value).toString('base64')
    : named(name, 'userData', value)
  if (userData !== undefined) {
    const parsed = parseUserData(userData)
    requireStopped(instance)
    changes.push(() => (parsed === undefined ? delete instance.userData : (instance.userData = parsed)))
  }
  const behavior =
    input.InstanceInitiatedShutdownBehavior?.Value ?? named(name, 'instanceInitiatedShutdownBehavior', value)
  if (behavior !== undefined) {
    const parsed = parseShutdownBehavior(behavior)
    changes.push(() => void (instance.shutdownBehavior = parsed))
  }
  if (input.Groups?.length) {
    const { ec2 } = cloud.state
    const ids = groupsIn(requireSubnet(ec2, instance.subnetId), input.Groups, ec2).map((group) => group.id)
    changes.push(() => setGroups(ec2, instance, ids))
  }
  const mappings = input.BlockDeviceMappings ?? []
  if (mappings.length > 0) changes.push(changeMappings(mappings, instance, cloud))
  for (const [flag, key] of FLAGS) {
    const asked = input[flag]?.Value ?? asBoolean(named(name, key, value))
    if (asked === undefined) continue
    if (key === 'disableApiTermination' && instance.spotRequestId !== undefined) throw spotUnprotected()
    changes.push(() => void (instance[key] = asked))
  }
  if (changes.length > 1) throw invalidCombination('Fields for multiple attribute types specified')
  const [change] = changes
  if (change) return change
  throw name === undefined ? missingParameter('attribute') : invalidValue(name, 'attribute', 'Unknown attribute.')
}

/** Of a mapping only what happens to the volume at the instance's end can be changed. */
function changeMappings(
  mappings: readonly InstanceBlockDeviceMappingSpecification[],
  instance: InstanceRecord,
  cloud: Cloud,
): () => void {
  const volumes = volumesOf(cloud.state.ec2, instance)
  const changes = mappings.map(({ DeviceName: device = '', Ebs: ebs }) => {
    const volume = volumes.find(({ attachment }) => attachmentPoint(attachment.device) === attachmentPoint(device))
    if (!volume || (ebs?.VolumeId !== undefined && ebs.VolumeId !== volume.id)) {
      throw new AwsError('InvalidInstanceAttributeValue', `No device is currently mapped at ${device}`)
    }
    if (ebs?.DeleteOnTermination === undefined) throw missingParameter('DeleteOnTermination')
    const wanted = ebs.DeleteOnTermination
    return () => void (volume.attachment.deleteOnTermination = wanted)
  })
  return () => {
    for (const change of changes) change()
  }
}

const FLAGS = [
  ['DisableApiTermination', 'disableApiTermination'],
  ['DisableApiStop', 'disableApiStop'],
  ['SourceDestCheck', 'sourceDestCheck'],
  ['EbsOptimized', 'ebsOptimized'],
] as const

/** Source: github.com/cloud-custodian/cloud-custodian/issues/2083, EC2's answer quoted there. */
const spotUnprotected = () =>
  new AwsError('UnsupportedOperation', "Modifying 'disableApiTermination' is not supported for spot instances.")

const named = (name: string | undefined, wanted: string, value: string | undefined) =>
  name === wanted ? value : undefined

function asBoolean(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined
  if (value !== 'true' && value !== 'false') throw invalidValue(value, 'value', 'Expected true or false.')
  return value === 'true'
}

function requireStopped(instance: InstanceRecord): void {
  if (instance.state === 'stopped') return
  throw new AwsError('IncorrectInstanceState', `The instance '${instance.id}' is not in the 'stopped' state.`)
}
