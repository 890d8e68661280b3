import { isAwsError } from '../aws/errors.js'
import { isMasterAlias } from '../node/aliases.js'
import type { LaunchTerms } from './launch-request.js'
import type { CheckedGroup, CheckedPlan, LaunchableGroup } from './validate.js'

/** One way to launch the nodes of a group. */
export interface LaunchAttempt extends LaunchTerms {
  readonly group: LaunchableGroup
}

/**
 * Ways to launch a group, in the order they are tried: the next zone, then the next type, then on demand instead of spot;
 * and only when none of them has room for all nodes, fewer of them.
 *
 * @param zones undefined: EC2 chooses
 * @param mayLack how many of the nodes may be left out
 */
export function launchAttempts(
  plan: Pick<CheckedPlan, 'record'>,
  group: CheckedGroup,
  zones: readonly (string | undefined)[],
  mayLack: number,
): LaunchAttempt[] {
  const all = group.aliases.length
  const fewest = Math.max(1, all - mayLack)
  const counts = fewest < all ? [all, fewest] : [all]
  const markets = isSpot(plan, group) ? [true, false] : [false]
  const types = [group, ...group.alternatives]
  return counts.flatMap((minCount) =>
    markets.flatMap((onSpot) =>
      types.flatMap((type) => zones.map((zone) => ({ group: type, zone, spot: onSpot, minCount }))),
    ),
  )
}

/** Whether the nodes of a group are to be spot instances. */
export function isSpot({ record }: Pick<CheckedPlan, 'record'>, { aliases }: LaunchableGroup): boolean {
  const { spot } = record.launch ?? {}
  return spot !== undefined && (spot.master === true || !aliases.some(isMasterAlias))
}

/**
 * True when the same launch may succeed in another zone, with another type or on demand. A quota that is used up is none of
 * that: it holds for all zones. Source: "Error codes for the Amazon EC2 API".
 */
export function lacksCapacity(error: unknown): error is Error {
  return isAwsError(
    error,
    'InsufficientInstanceCapacity',
    'InsufficientHostCapacity',
    'InsufficientCapacity',
    'SpotMaxPriceTooLow',
    'Unsupported', // the type is not offered in this zone
  )
}

/** e.g. `3 t3.small as spot instances in zone us-east-1a`. */
export function attemptText({ group, zone, spot, minCount }: LaunchAttempt): string {
  const all = group.aliases.length
  const count = minCount < all ? `${minCount} to ${all}` : all
  const market = spot ? (all === 1 ? ' as a spot instance' : ' as spot instances') : ''
  return `${count} ${group.instanceType}${market}${zone === undefined ? '' : ` in zone ${zone}`}`
}
