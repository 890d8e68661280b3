import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { explainAwsError, isAwsError } from '../aws/errors.js'
import { lacksCapacity, launchAttempts } from './launch-attempts.js'
import { launchRequest } from './launch-request.js'
import { everything } from './problems.js'
import type { CheckedGroup, CheckedPlan } from './validate.js'

/**
 * Asks EC2 whether each kind of node may be launched, without launching it: permissions, and what only EC2 knows to be
 * wrong. Group and placement group do not exist yet, so they are left out, and a key pair that is still to be made.
 *
 * @throws AWSError
 */
export async function askWhetherLaunchable(ec2: EC2, plan: CheckedPlan, signal?: AbortSignal): Promise<void> {
  const kinds = new Map(plan.groups.map((group) => [`${group.instanceType} ${group.image.id}`, group]))
  await everything([...kinds.values()].map((group) => ask(ec2, plan, group, signal)))
}

async function ask(ec2: EC2, plan: CheckedPlan, group: CheckedGroup, signal?: AbortSignal): Promise<void> {
  const [first] = launchAttempts(plan, group, [plan.record.zone], 0)
  const request = launchRequest(plan, group, '', first!)
  const { ClientToken: _token, KeyName, SecurityGroupIds: _groups, NetworkInterfaces, Placement, ...rest } = request
  const cards = NetworkInterfaces?.map(({ Groups: _, ...card }) => card)
  const zone = Placement?.AvailabilityZone
  const dry = {
    ...rest,
    DryRun: true,
    // One of them: that many could count against the limit of requests, and one is refused for the same reasons.
    MinCount: 1,
    MaxCount: 1,
    ...(plan.keyPair.what === 'none' ? { KeyName } : {}),
    ...(cards ? { NetworkInterfaces: cards } : {}),
    ...(zone ? { Placement: { AvailabilityZone: zone } } : {}),
  }
  try {
    await ec2.runInstances(dry, abortable(signal))
  } catch (error) {
    if (isAwsError(error, 'DryRunOperation')) return
    // Then the launch tries others.
    if (lacksCapacity(error) && group.alternatives.length + plan.fallbackZones.length > 0) return
    throw explainAwsError(`EC2 would not launch ${group.instanceType} nodes`, error)
  }
}
