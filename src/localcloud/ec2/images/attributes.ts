import type {
  DescribeImageAttributeRequest,
  ImageAttribute,
  LaunchPermission,
  ModifyImageAttributeRequest,
  ResetImageAttributeRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { lookUp, own } from '../resource-ids.js'
import type { ImageRecord } from '../state.js'
import { unsupported } from '../unsupported.js'
import { describeImage } from './images.js'
import { requireAccount } from './owners.js'

/** Most characters of an image's description. Source: EC2 API reference, CreateImage, Description. */
const DESCRIPTION_LENGTH = 255

export function describeImageAttribute(input: DescribeImageAttributeRequest, cloud: Cloud): ImageAttribute {
  const image = requireOne(input.ImageId, cloud)
  const { Attribute: name } = input
  if (name === undefined) throw missingParameter('Attribute')
  const view = describeImage(cloud, image)
  const values: Partial<Record<string, Omit<ImageAttribute, 'ImageId'>>> = {
    description: { Description: { Value: image.description } },
    launchPermission: { LaunchPermissions: (image.launchPermissions ?? []).map(describePermission) },
    blockDeviceMapping: { BlockDeviceMappings: view.BlockDeviceMappings },
    productCodes: { ProductCodes: [] },
    imdsSupport: { ImdsSupport: { Value: view.ImdsSupport } },
    sriovNetSupport: {},
    kernel: {},
    ramdisk: {},
    bootMode: {},
    tpmSupport: {},
  }
  const value = Object.hasOwn(values, name) ? values[name] : undefined
  if (!value) throw invalidValue(name, 'attribute', 'Unknown attribute.')
  endDryRun(input)
  return { ImageId: image.id, ...value }
}

/** The description, or who may launch from it. Nobody else is here: permissions are kept and told. */
export function modifyImageAttribute(input: ModifyImageAttributeRequest, cloud: Cloud): undefined {
  const image = requireOwn(input.ImageId, cloud)
  const { Attribute: name } = input
  const given = [input.Description, input.LaunchPermission].filter((one) => one !== undefined)
  if (given.length > 1) throw invalidCombination('You may only modify one attribute at a time.')
  if (input.OrganizationArns?.length || input.OrganizationalUnitArns?.length) throw unsupported('organizations')
  if (input.Description !== undefined || name === 'description') {
    const description = checkDescription(input.Description?.Value ?? input.Value)
    endDryRun(input)
    image.description = description
    return
  }
  if (name !== undefined && name !== 'launchPermission') throw invalidValue(name, 'attribute', 'Unknown attribute.')
  const { add, remove } = parsePermissions(input)
  if (add.length + remove.length === 0) throw missingParameter('Attribute')
  endDryRun(input)
  const kept = (image.launchPermissions ?? []).filter((who) => !remove.includes(who) && !add.includes(who))
  image.launchPermissions = [...kept, ...add]
}

/** Back to what a new image has: nobody but the owner may launch from it. */
export function resetImageAttribute(input: ResetImageAttributeRequest, cloud: Cloud): undefined {
  const image = requireOwn(input.ImageId, cloud)
  if (input.Attribute !== 'launchPermission') throw invalidValue(input.Attribute, 'attribute', 'Unknown attribute.')
  endDryRun(input)
  delete image.launchPermissions
}

/** @throws AwsError InvalidParameterValue */
export function checkDescription(text: string | undefined): string {
  if (text === undefined) throw missingParameter('Description.Value')
  if (text.length <= DESCRIPTION_LENGTH) return text
  throw invalidValue(text, 'description', `It has more than ${DESCRIPTION_LENGTH} characters.`)
}

/** The new way (LaunchPermission.Add, Remove) or the old one (OperationType with UserId, UserGroup). */
function parsePermissions(input: ModifyImageAttributeRequest): { add: string[]; remove: string[] } {
  const { LaunchPermission: changes, OperationType: operation } = input
  const old = [...(input.UserIds ?? []), ...(input.UserGroups ?? [])].map((who) => requireAccount(who, ['all']))
  if (old.length > 0 && operation !== 'add' && operation !== 'remove') {
    throw invalidValue(operation, 'operationType', 'Expecting add or remove.')
  }
  return {
    add: [...(changes?.Add ?? []).map(readPermission), ...(operation === 'add' ? old : [])],
    remove: [...(changes?.Remove ?? []).map(readPermission), ...(operation === 'remove' ? old : [])],
  }
}

function readPermission({ UserId, Group, OrganizationArn, OrganizationalUnitArn }: LaunchPermission): string {
  if (OrganizationArn || OrganizationalUnitArn) throw unsupported('organizations')
  if (Group !== undefined) {
    if (Group === 'all') return Group
    throw invalidValue(Group, 'group', 'Expecting all.')
  }
  if (UserId === undefined) throw missingParameter('LaunchPermission.UserId')
  return requireAccount(UserId)
}

const describePermission = (who: string): LaunchPermission => (who === 'all' ? { Group: 'all' } : { UserId: who })

function requireOne(id: string | undefined, cloud: Cloud): ImageRecord {
  if (!id) throw missingParameter('ImageId')
  return lookUp('image', [id], (one) => own(cloud.state.ec2.images, one))[0] as ImageRecord
}

function requireOwn(id: string | undefined, cloud: Cloud): ImageRecord {
  const image = requireOne(id, cloud)
  if (!image.base) return image
  throw new AwsError('AuthFailure', `Not authorized for image:${image.id}`, 403)
}
