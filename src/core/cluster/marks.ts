import type { Tag } from '@aws-sdk/client-ec2'
import { tagOf } from '../aws/instances.js'
import type { ClusterTemplate } from '../config/templates.js'
import { type Lifetime, lifetimeText, readLifetime } from './lifetime-text.js'

export const lifetimeTag = 'starcluster:ttl'
export const protectedTag = 'starcluster:protected'

/** What is recorded with a cluster and can change while it lives: tags of its security group besides the record's. */
export interface ClusterMarks {
  /** Absent: it never had one. */
  readonly lifetime?: Lifetime
  /** `terminate` and `removenode` refuse. */
  readonly isProtected?: boolean
}

/** What a cluster of this template has at its start. */
export function marksOf({ ttl, protected: isProtected }: ClusterTemplate): ClusterMarks {
  return { ...(ttl === undefined ? {} : { lifetime: { seconds: ttl } }), ...(isProtected ? { isProtected } : {}) }
}

export function readMarks(tags: Tag[] | undefined): ClusterMarks {
  const lifetime = readLifetime(tagOf({ Tags: tags }, lifetimeTag))
  return {
    ...(lifetime ? { lifetime } : {}),
    ...(tagOf({ Tags: tags }, protectedTag) === 'true' ? { isProtected: true } : {}),
  }
}

export function markTags({ lifetime, isProtected }: ClusterMarks): Tag[] {
  return [
    ...(lifetime ? [{ Key: lifetimeTag, Value: lifetimeText(lifetime) }] : []),
    ...(isProtected ? [{ Key: protectedTag, Value: 'true' }] : []),
  ]
}
