import { rm } from 'node:fs/promises'
import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { deleteSecurityGroup } from '../aws/security-groups.js'
import type { Logger } from '../log.js'
import { type Leftover, leftoverKinds } from './leftover.js'

/** Removes leftovers in an order in which nothing is in use any more; one that is gone already is fine. */
export async function removeLeftovers(
  { ec2, log }: { readonly ec2: EC2; readonly log: Logger },
  leftovers: readonly Leftover[],
  signal?: AbortSignal,
): Promise<void> {
  const options = abortable(signal)
  const one: Record<Leftover['kind'], (id: string) => Promise<unknown>> = {
    'spot request': (id) => ec2.cancelSpotInstanceRequests({ SpotInstanceRequestIds: [id] }, options),
    'placement group': (GroupName) => ec2.deletePlacementGroup({ GroupName }, options),
    'security group': (id) => deleteSecurityGroup(ec2, id, { signal }),
    'key pair': (KeyName) => ec2.deleteKeyPair({ KeyName }, options),
    file: (path) => rm(path, { force: true }),
  }
  for (const kind of leftoverKinds) {
    const ids = leftovers.filter((leftover) => leftover.kind === kind).map(({ id }) => id)
    for (const id of ids) {
      await ignoringGone(() => one[kind](id))
      log.info(`Removed ${kind} ${id}`)
    }
  }
}

async function ignoringGone(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isAwsError(error) || !/NotFound$|\.Unknown$/.test(error.name)) throw error
  }
}
