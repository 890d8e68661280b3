import type { IamInstanceProfile, IamInstanceProfileSpecification } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { LocalCloudError } from '../../local-error.js'
import { profileId } from '../../profile-id.js'
import { invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import type { Ec2State } from '../state.js'

/** An instance profile with a role of the same name. There are no policies: a role may do whatever the cloud's own key may. */
export interface ProfileRecord {
  readonly name: string
  readonly createdAt: string
}

/** By name. Older states have none. */
export function profilesOf(state: Ec2State): Record<string, ProfileRecord> {
  state.instanceProfiles ??= {}
  return state.instanceProfiles
}

/** Source: IAM API reference, InstanceProfileName. */
const NAME = /^[\w+=,.@-]{1,128}$/

/** Adds or removes one, or only lists them. @throws LocalCloudError */
export async function profileAct(act: { add?: string; remove?: string }, cloud: Cloud): Promise<string[]> {
  const profiles = profilesOf(cloud.state.ec2)
  if (act.add !== undefined) {
    if (!NAME.test(act.add)) {
      const hint = 'letters, digits and _+=,.@- only, at most 128'
      throw new LocalCloudError('BadProfileName', `${JSON.stringify(act.add)} cannot be the name of a profile`, {
        hint,
      })
    }
    profiles[act.add] ??= { name: act.add, createdAt: cloud.now().toISOString() }
  }
  if (act.remove !== undefined) {
    const users = Object.values(cloud.state.ec2.instances).filter(
      ({ profile, state }) => profile?.name === act.remove && state !== 'terminated',
    )
    if (!Object.hasOwn(profiles, act.remove)) {
      throw new LocalCloudError('NoSuchProfile', `there is no instance profile ${JSON.stringify(act.remove)}`)
    }
    if (users.length > 0) {
      const ids = users.map(({ id }) => id).join(', ')
      throw new LocalCloudError('ProfileInUse', `instances have the profile ${act.remove}: ${ids}`)
    }
    delete profiles[act.remove]
  }
  await cloud.commit()
  return Object.keys(profiles)
    .sort()
    .map((name) => profileArn(cloud, name))
}

export const profileArn = ({ accountId }: Cloud, name: string) => `arn:aws:iam::${accountId}:instance-profile/${name}`

export const profileView = (cloud: Cloud, name: string): IamInstanceProfile => ({
  Arn: profileArn(cloud, name),
  Id: profileId('AIPA', name),
})

/** The name of the profile that is meant. @throws AwsError InvalidParameterValue when there is none such */
export function requireProfile(asked: IamInstanceProfileSpecification, cloud: Cloud): string {
  const { Arn: arn, Name: name } = asked
  if (arn !== undefined && name !== undefined) {
    throw invalidCombination('The parameter iamInstanceProfile.name may not be used with iamInstanceProfile.arn')
  }
  const found = Object.keys(profilesOf(cloud.state.ec2)).find(
    (known) => known === name || profileArn(cloud, known) === arn,
  )
  if (found !== undefined) return found
  if (arn !== undefined) throw invalidValue(arn, 'iamInstanceProfile.arn', 'Invalid IAM Instance Profile ARN')
  throw invalidValue(name ?? '', 'iamInstanceProfile.name', 'Invalid IAM Instance Profile name')
}

/** Whether the machine at a private address has a role in which it may ask. */
export function hasRole({ state }: Cloud, privateIp: string): boolean {
  return Object.values(state.ec2.instances).some(
    (one) => one.privateIp === privateIp && one.state === 'running' && one.profile !== undefined,
  )
}
