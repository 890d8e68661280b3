import type { _InstanceType, EC2 } from '@aws-sdk/client-ec2'
import { nearest } from '../nearest.js'
import { abortable } from './caller-identity.js'
import { InstanceTypeDoesNotExist, isAwsError } from './errors.js'

/** What launching needs to know of an instance type. */
export interface InstanceTypeFacts {
  readonly type: string
  /** e.g. `['x86_64']`, the preferred one first. */
  readonly architectures: readonly string[]
  /** It can be in a placement group that brings nodes close together. */
  readonly clusterPlacement: boolean
}

/** Facts of each type that exists, in one request. See `unknownInstanceType` for the others. */
export async function describeInstanceTypes(
  ec2: Pick<EC2, 'describeInstanceTypes'>,
  types: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, InstanceTypeFacts>> {
  const unique = [...new Set(types)]
  // As a filter: InstanceTypes would refuse all when one is unknown, without saying which.
  const { InstanceTypes } = await ec2.describeInstanceTypes(
    { Filters: [{ Name: 'instance-type', Values: unique }] },
    abortable(signal),
  )
  const facts = new Map<string, InstanceTypeFacts>()
  for (const { InstanceType, ProcessorInfo, PlacementGroupInfo } of InstanceTypes ?? []) {
    const architectures = (ProcessorInfo?.SupportedArchitectures ?? []).filter((name) => name !== 'i386')
    const clusterPlacement = PlacementGroupInfo?.SupportedStrategies?.includes('cluster') === true
    if (InstanceType) facts.set(InstanceType, { type: InstanceType, architectures, clusterPlacement })
  }
  return facts
}

/** Names the nearest type the region has. @param hint what to do when none is near */
export async function unknownInstanceType(
  ec2: Pick<EC2, 'describeInstanceTypes'>,
  type: string,
  signal?: AbortSignal,
  hint = 'check node_instance_type (-i) and master_instance_type (-I)',
): Promise<InstanceTypeDoesNotExist> {
  const close = await nearestType(ec2, type, signal)
  return new InstanceTypeDoesNotExist(`instance type ${type} does not exist in this region`, {
    hint: close ? `did you mean ${close}?` : hint,
  })
}

async function nearestType(
  ec2: Pick<EC2, 'describeInstanceTypes'>,
  wanted: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const names: string[] = []
  let token: string | undefined
  try {
    do {
      const page = await ec2.describeInstanceTypes(
        { MaxResults: 100, ...(token ? { NextToken: token } : {}) },
        abortable(signal),
      )
      names.push(...(page.InstanceTypes ?? []).map(({ InstanceType }) => InstanceType as _InstanceType))
      token = page.NextToken || undefined
    } while (token)
  } catch (error) {
    // Only a better hint was wanted: without it the message still stands.
    if (!isAwsError(error)) throw error
  }
  return nearest(wanted, names)
}
