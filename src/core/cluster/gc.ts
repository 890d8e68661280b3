import { leftoversHere } from '../leftovers/here.js'
import { leftKeyPairs } from '../leftovers/key-pairs.js'
import type { Leftover } from '../leftovers/leftover.js'
import { leftoversOnAws } from '../leftovers/on-aws.js'
import { removeLeftovers } from '../leftovers/remove.js'
import { cancellable } from './cancellable.js'
import { ownKeyFile } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import { type ClusterGroup, findGroups } from './discover.js'
import { CancelledRequest, hasEnded, IncompatibleCluster } from './errors.js'
import { isLaunching } from './launch.js'
import { localTime } from './lifetime-text.js'
import { describeAllMembers } from './listing.js'
import { readMarks } from './marks.js'
import { readRecord } from './record.js'
import { groupName } from './tag.js'

export interface GcOptions {
  readonly signal?: AbortSignal | undefined
}

/** What clusters that are gone have left in the region and on this computer. Changes nothing. */
export async function findLeftovers(deps: ClusterDeps, { signal }: GcOptions = {}): Promise<Leftover[]> {
  return cancellable(
    signal,
    async (progress) => {
      progress('looking for leftovers')
      const [groups, members] = await Promise.all([
        findGroups(deps, undefined, signal),
        describeAllMembers(deps, undefined, signal),
      ])
      const used = new Set(members.flatMap(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId }) => GroupId)))
      const isEmpty = ({ id }: ClusterGroup) => !used.has(id)
      // A protected one is somebody's to lift first.
      const empty = [...groups.values()].filter((group) => isEmpty(group) && !readMarks(group.group.Tags).isProtected)
      const running = [...groups.values()].filter((group) => !isEmpty(group)).map(({ tag }) => tag)
      return [
        // One that is being started has no instances yet.
        ...(await leftoversOnAws(deps.aws.ec2, new Set(groups.keys()), signal)),
        ...empty.map(
          (group): Leftover => ({ kind: 'security group', id: group.id, cluster: group.tag, why: whyEmpty(group) }),
        ),
        ...(await keyPairs(deps, [...groups.values()], signal)),
        ...(await leftoversHere(deps, new Set(running))),
      ]
    },
    (doing, cause) => new CancelledRequest(doing, cause),
  )
}

function whyEmpty(found: ClusterGroup): string {
  const { tag, group } = found
  const { ends } = readMarks(group.Tags).lifetime ?? {}
  const why =
    hasEnded(ends) && !isLaunching(found)
      ? `its cluster ended by itself at ${localTime(ends)}`
      : `a start that was interrupted ("starcluster start -x ${tag}" finishes it)`
  return `${groupName(tag)} has no instances: ${why}`
}

/** None where the settings of a cluster cannot be read: it may use any of them. */
async function keyPairs(deps: ClusterDeps, groups: readonly ClusterGroup[], signal?: AbortSignal): Promise<Leftover[]> {
  let used: Set<string>
  try {
    used = new Set(groups.map(({ tag, group }) => readRecord(tag, group.Tags).keyname))
  } catch (error) {
    if (error instanceof IncompatibleCluster) return []
    throw error
  }
  return leftKeyPairs(deps.aws.ec2, { used, file: (keyname) => ownKeyFile(deps, keyname) }, signal)
}

/** Removes what `findLeftovers` found. */
export async function removeFound(
  deps: ClusterDeps,
  leftovers: readonly Leftover[],
  { signal }: GcOptions = {},
): Promise<void> {
  await cancellable(
    signal,
    async (progress) => {
      progress('removing leftovers')
      await removeLeftovers({ ec2: deps.aws.ec2, log: deps.log }, leftovers, signal)
    },
    (doing, cause) => new CancelledRequest(doing, cause),
  )
}
