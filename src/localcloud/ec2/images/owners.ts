import type { DescribeImagesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import type { ImageRecord } from '../state.js'

/** Owner of the base images: like the public images of a region, they are nobody's own. */
const PROVIDER = '000000000001'

/** Account and alias of an image's owner; `alias` for those of the cloud itself only. */
export function ownerOf(cloud: Cloud, image: ImageRecord): { readonly id: string; readonly alias?: string } {
  return image.base ? { id: PROVIDER, alias: 'amazon' } : { id: cloud.accountId }
}

export const isPublic = (image: ImageRecord) => image.base === true || image.launchPermissions?.includes('all') === true

/**
 * A predicate for Owners and ExecutableUsers: owned by one of the former and, where given, launchable by one of the
 * latter: `all` means public images, an account means images shared with it by name.
 *
 * @throws AwsError InvalidUserID.Malformed
 * Source: EC2 API reference, DescribeImages.
 */
export function inScope(
  input: Pick<DescribeImagesRequest, 'Owners' | 'ExecutableUsers'>,
  cloud: Cloud,
): (image: ImageRecord) => boolean {
  const account = (name: string) => (name === 'self' ? cloud.accountId : name)
  const owners = (input.Owners ?? []).map(account)
  for (const owner of owners) requireAccount(owner, OWNER_ALIASES)
  const users = (input.ExecutableUsers ?? []).map(account)
  for (const user of users) requireAccount(user, ['all'])
  return (image) => {
    const { id, alias = '' } = ownerOf(cloud, image)
    const owned = owners.length === 0 || owners.includes(id) || owners.includes(alias)
    const launchable = (user: string) =>
      user === 'all' ? isPublic(image) : image.launchPermissions?.includes(user) === true
    return owned && (users.length === 0 || users.some(launchable))
  }
}

const OWNER_ALIASES = ['amazon', 'aws-backup-vault', 'aws-marketplace']

/** @throws AwsError InvalidUserID.Malformed: neither an account nor one of the words */
export function requireAccount(name: string, words: readonly string[] = []): string {
  if (words.includes(name) || /^\d{12}$/.test(name)) return name
  throw new AwsError('InvalidUserID.Malformed', `Invalid user id: "${name}"`)
}
