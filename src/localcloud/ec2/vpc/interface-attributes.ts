import type {
  DescribeNetworkInterfaceAttributeRequest,
  DescribeNetworkInterfaceAttributeResult,
  ModifyNetworkInterfaceAttributeRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { groupsIn } from '../instances/launch-network.js'
import { own } from '../resource-ids.js'
import { unsupported } from '../unsupported.js'
import { setGroups } from './find-interface.js'
import { describeInterface, type Interface } from './interface-view.js'
import { requireAnyInterface } from './network-interfaces.js'
import { networkOf } from './records.js'
import { requireSubnet } from './subnets.js'

/** One attribute a request, as EC2 has it. Of an instance's own interface the groups and the check are the instance's. */
export function modifyNetworkInterfaceAttribute(
  input: ModifyNetworkInterfaceAttributeRequest,
  cloud: Cloud,
): undefined {
  const one = requireAnyInterface(cloud.state.ec2, input.NetworkInterfaceId)
  const changes = [groups(input, one, cloud), check(input, one, cloud), ...rest(input, one, cloud)]
  const asked = changes.filter((change) => change !== undefined)
  if (asked.length > 1) throw invalidCombination('Fields for multiple attribute types specified')
  const [change] = asked
  if (!change) throw missingParameter('attribute')
  endDryRun(input)
  change()
}

type Change = (() => void) | undefined

function groups({ Groups: ids }: ModifyNetworkInterfaceAttributeRequest, one: Interface, cloud: Cloud): Change {
  if (!ids?.length) return undefined
  const { ec2 } = cloud.state
  const wanted = groupsIn(requireSubnet(ec2, one.subnetId), ids, ec2).map(({ id }) => id)
  return () => {
    const made = own(networkOf(ec2).interfaces, one.id)
    if (made) made.groupIds = wanted
    if (one.instance) setGroups(ec2, one.instance, wanted)
  }
}

function check({ SourceDestCheck }: ModifyNetworkInterfaceAttributeRequest, one: Interface, cloud: Cloud): Change {
  const wanted = SourceDestCheck?.Value
  if (wanted === undefined) return undefined
  return () => {
    const made = own(networkOf(cloud.state.ec2).interfaces, one.id)
    if (made) made.sourceDestCheck = wanted
    if (one.instance) one.instance.sourceDestCheck = wanted
  }
}

/** What only an interface that was made by itself keeps. */
function rest(input: ModifyNetworkInterfaceAttributeRequest, one: Interface, cloud: Cloud): Change[] {
  const { Description, Attachment } = input
  const made = own(networkOf(cloud.state.ec2).interfaces, one.id)
  const needMade = () => {
    if (made) return made
    throw unsupported('a description, or a life of its own, for the interface that a launch made')
  }
  const changes: Change[] = []
  if (Description?.Value !== undefined) {
    const [record, text] = [needMade(), Description.Value]
    changes.push(() => void (record.description = text))
  }
  if (Attachment) {
    if (Attachment.AttachmentId !== one.instance?.attachmentId) {
      throw new AwsError('InvalidAttachmentID.NotFound', `The attachment '${Attachment.AttachmentId}' does not exist`)
    }
    const [{ attached }, wanted] = [needMade(), Attachment.DeleteOnTermination]
    if (wanted === undefined) throw missingParameter('attachment.deleteOnTermination')
    changes.push(() => void (attached && (attached.deleteOnTermination = wanted)))
  }
  return changes
}

export function describeNetworkInterfaceAttribute(
  input: DescribeNetworkInterfaceAttributeRequest,
  cloud: Cloud,
): DescribeNetworkInterfaceAttributeResult {
  const one = requireAnyInterface(cloud.state.ec2, input.NetworkInterfaceId)
  const { Groups, Attachment } = describeInterface(cloud, one)
  const NetworkInterfaceId = one.id
  const answers: Readonly<Record<string, DescribeNetworkInterfaceAttributeResult>> = {
    description: { NetworkInterfaceId, Description: { Value: one.description } },
    groupSet: { NetworkInterfaceId, Groups },
    sourceDestCheck: { NetworkInterfaceId, SourceDestCheck: { Value: one.sourceDestCheck } },
    attachment: { NetworkInterfaceId, Attachment },
  }
  const answer = own(answers, input.Attribute ?? '')
  if (!answer) throw invalidValue(input.Attribute, 'attribute', 'Unknown attribute.')
  endDryRun(input)
  return answer
}
