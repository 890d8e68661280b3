import type { Cloud } from '../../cloud.js'
import { profileId } from '../../profile-id.js'
import { issueRoleCredentials, type RoleCredentials } from '../../sts/role-credentials.js'
import type { InstanceRecord } from '../state.js'
import { profileArn } from './profiles.js'

const LIFE_MS = 6 * 3_600_000
/** New ones are there long before the old ones end. */
const KEEP_MS = LIFE_MS / 2

interface Issued {
  readonly at: number
  readonly credentials: RoleCredentials
}

const issued = new WeakMap<InstanceRecord, Map<string, Issued>>()

/**
 * What the metadata service tells of an instance's role.
 * Source: EC2 User Guide, "IAM roles for Amazon EC2", "Retrieve security credentials from instance metadata".
 */
export function roleTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  const name = instance.profile?.name
  if (name === undefined || cloud.roleSecret === undefined) return {}
  const { at, credentials } = current(cloud.roleSecret, name, instance, cloud.now().getTime())
  const updated = { Code: 'Success', LastUpdated: isoSeconds(at) }
  const info = { ...updated, InstanceProfileArn: profileArn(cloud, name), InstanceProfileId: profileId('AIPA', name) }
  const told = {
    ...updated,
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: isoSeconds(at + LIFE_MS),
  }
  return {
    'iam/info': JSON.stringify(info, null, 2),
    [`iam/security-credentials/${name}`]: JSON.stringify(told, null, 2),
  }
}

function current(secret: string, role: string, instance: InstanceRecord, now: number): Issued {
  const known = issued.get(instance) ?? new Map<string, Issued>()
  issued.set(instance, known)
  const last = known.get(role)
  if (last && last.at <= now && now - last.at < KEEP_MS) return last
  const at = Math.floor(now / 1000) * 1000
  const session = { role, name: instance.id, issued: at, expires: at + LIFE_MS }
  const fresh = { at, credentials: issueRoleCredentials(secret, session) }
  known.set(role, fresh)
  return fresh
}

const isoSeconds = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`
