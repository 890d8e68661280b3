import type {
  AssociateIamInstanceProfileRequest,
  AssociateIamInstanceProfileResult,
  DescribeIamInstanceProfileAssociationsRequest,
  DescribeIamInstanceProfileAssociationsResult,
  DisassociateIamInstanceProfileRequest,
  DisassociateIamInstanceProfileResult,
  IamInstanceProfileAssociation,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { type FilterTable, filterBy } from '../filters.js'
import { requireInstances } from '../instances/describe-instances.js'
import { newId } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { profileView, requireProfile } from './profiles.js'

type Holder = InstanceRecord & { readonly profile: NonNullable<InstanceRecord['profile']> }

export function associateIamInstanceProfile(
  input: AssociateIamInstanceProfileRequest,
  cloud: Cloud,
): AssociateIamInstanceProfileResult {
  if (!input.IamInstanceProfile) throw missingParameter('IamInstanceProfile')
  const instance = requireInstances(cloud.state.ec2, [input.InstanceId ?? ''])[0] as InstanceRecord
  const name = requireProfile(input.IamInstanceProfile, cloud)
  if (instance.profile) {
    const message = `There is an existing association for instance ${instance.id}`
    throw new AwsError('IncorrectState', message)
  }
  instance.profile = { name, associationId: newId('iip-assoc') }
  return { IamInstanceProfileAssociation: view(instance as Holder, cloud, 'associating') }
}

export function disassociateIamInstanceProfile(
  input: DisassociateIamInstanceProfileRequest,
  cloud: Cloud,
): DisassociateIamInstanceProfileResult {
  const holder = holders(cloud).find(({ profile }) => profile.associationId === input.AssociationId)
  if (!holder) {
    const message = `An invalid association-id of '${input.AssociationId ?? ''}' was given`
    throw new AwsError('NoSuchAssociation', message)
  }
  const answer = { IamInstanceProfileAssociation: view(holder, cloud, 'disassociating') }
  delete (holder as InstanceRecord).profile
  return answer
}

export function describeIamInstanceProfileAssociations(
  input: DescribeIamInstanceProfileAssociationsRequest,
  cloud: Cloud,
): DescribeIamInstanceProfileAssociationsResult {
  const ids = input.AssociationIds
  const matches = filterBy(input.Filters, FILTERS)
  const found = holders(cloud)
    .filter(({ profile }) => !ids?.length || ids.includes(profile.associationId))
    .filter(matches)
  return { IamInstanceProfileAssociations: found.map((instance) => view(instance, cloud, 'associated')) }
}

const FILTERS: FilterTable<Holder> = { 'instance-id': ({ id }) => id, state: () => 'associated' }

function holders(cloud: Cloud): Holder[] {
  const all = Object.values(cloud.state.ec2.instances)
  return all.filter((one): one is Holder => one.profile !== undefined && one.state !== 'terminated')
}

function view(
  { id, profile }: Holder,
  cloud: Cloud,
  State: NonNullable<IamInstanceProfileAssociation['State']>,
): IamInstanceProfileAssociation {
  const IamInstanceProfile = profileView(cloud, profile.name)
  return { AssociationId: profile.associationId, InstanceId: id, IamInstanceProfile, State }
}
