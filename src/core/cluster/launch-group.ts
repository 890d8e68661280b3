import type { EC2, Instance, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { AWSError, isAwsError } from '../aws/errors.js'
import { isMasterAlias } from '../node/aliases.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { ClusterDeps } from './deps.js'
import { attemptText, type LaunchAttempt, lacksCapacity, launchAttempts } from './launch-attempts.js'
import { notedFirst } from './launch-notes.js'
import { launchRequest } from './launch-request.js'
import { poll } from './poll.js'
import type { CheckedGroup, CheckedPlan } from './validate.js'

interface GroupLaunch {
  /** Security group of the cluster. */
  readonly groupId: string
  /** Where to, in the order they are tried; undefined: EC2 chooses. */
  readonly zones: readonly (string | undefined)[]
  /** How many of the nodes may be left out; never the master. */
  readonly mayLack: number
  /** What an earlier start that was interrupted tried last. */
  readonly noted?: string | undefined
  /** Called before any other way than the first is tried. */
  readonly note: (attempt: LaunchAttempt) => Promise<void>
  readonly signal?: AbortSignal | undefined
}

/**
 * Launches the nodes of a group in the first way that EC2 has capacity for; each refusal is told.
 *
 * @returns the instances, for the first of the aliases; fewer than these where some may lack
 * @throws AWSError with every refusal when EC2 has no capacity for any way; what RunInstances throws otherwise
 */
export async function launchGroup(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  plan: CheckedPlan,
  group: CheckedGroup,
  { groupId, zones, mayLack, noted, note, signal }: GroupLaunch,
): Promise<Instance[]> {
  const attempts = notedFirst(launchAttempts(plan, group, zones, mayLack), noted)
  const refusals: Refusal[] = []
  for (const [at, attempt] of attempts.entries()) {
    if (at > 0) await note(attempt)
    try {
      return await runInstances(deps.aws.ec2, launchRequest(plan, attempt.group, groupId, attempt), signal)
    } catch (error) {
      if (!lacksCapacity(error)) throw error
      refusals.push({ attempt, error })
      const next = attempts[at + 1]
      if (next) deps.log.warn(`${refusalText({ attempt, error })}; trying ${attemptText(next)}`)
    }
  }
  if (mayLack >= group.aliases.length && !group.aliases.some(isMasterAlias)) return []
  throw noCapacity(group, refusals)
}

interface Refusal {
  readonly attempt: LaunchAttempt
  readonly error: Error
}

const refusalText = ({ attempt, error }: Refusal) => `no capacity for ${attemptText(attempt)}: ${reason(error)}`
const reason = ({ message }: Error) => message.replace(/\.$/, '')

/** A single refusal is told as EC2 put it; of several, all but the last have been told. */
function noCapacity({ aliases }: CheckedGroup, refusals: readonly Refusal[]): Error {
  const { error } = refusals.at(-1)!
  if (refusals.length === 1) return error
  const message = `EC2 has no capacity for ${foldNodeNames(aliases)}: tried ${triedText(refusals)}; at last: ${reason(error)}`
  return new AWSError(error.name, message, {
    cause: error,
    hint: 'try again later, or add to fallback_zones and fallback_instance_types of the template',
  })
}

function triedText(refusals: readonly Refusal[]): string {
  const all = (value: (attempt: LaunchAttempt) => string) =>
    [...new Set(refusals.map(({ attempt }) => value(attempt)))].join(', ')
  const types = all(({ group }) => group.instanceType)
  const zones = all(({ zone }) => zone ?? 'any zone')
  return `${types} in ${zones}, ${all(({ spot }) => (spot ? 'as spot instances' : 'on demand'))}`
}

function runInstances(ec2: EC2, input: RunInstancesCommandInput, signal?: AbortSignal): Promise<Instance[]> {
  const attempt = async () => {
    try {
      return (await ec2.runInstances(input, abortable(signal))).Instances ?? []
    } catch (error) {
      // What was made a moment ago is not known everywhere at once.
      if (isAwsError(error, 'InvalidGroup.NotFound', 'InvalidKeyPair.NotFound', 'InvalidPlacementGroup.Unknown'))
        return undefined
      throw error
    }
  }
  return poll('EC2 to know the security group of the cluster', attempt, {
    timeoutMs: 60_000,
    slowestMs: 5000,
    signal,
  })
}
