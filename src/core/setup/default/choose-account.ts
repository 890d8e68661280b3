import { StarClusterError } from '../../errors.js'
import type { Account } from '../../node/scripts/steps.js'
import { nextFreeId } from '../../node/users.js'
import type { NodeFacts } from './survey.js'

class ClusterUserError extends StarClusterError {
  readonly code = 'ClusterUserError'
}

/**
 * The ids of the cluster user, the same on every node. In this order: those it has on the master, those that own its
 * home there (files of an earlier cluster on a volume), else ids that are free on every node and own nothing in /home; an
 * account of this name that an interrupted set-up made on other nodes does not count.
 *
 * @throws ClusterUserError when its home belongs to root
 */
export function chooseAccount(name: string, shell: string, master: NodeFacts, all: readonly NodeFacts[]): Account {
  const existing = master.passwd.find((entry) => entry.pw_name === name)
  if (existing) return { name, shell, uid: existing.pw_uid, gid: existing.pw_gid, home: existing.pw_dir }
  const home = `/home/${name}`
  const owner = master.homes.find(({ path }) => path === home)
  if (owner?.uid === 0) {
    throw new ClusterUserError(`${home} on the master exists and belongs to root, so ${name} cannot have it`, {
      hint: `give it another owner, or choose another cluster_user (-u)`,
    })
  }
  if (owner) return { name, shell, uid: owner.uid, gid: owner.gid, home }
  const used = all.flatMap(({ passwd, groups, homes }) => [
    ...passwd.filter(({ pw_name }) => pw_name !== name).map(({ pw_uid }) => pw_uid),
    ...groups.filter(({ gr_name }) => gr_name !== name).map(({ gr_gid }) => gr_gid),
    ...homes.flatMap(({ uid, gid }) => [uid, gid]),
  ])
  const id = nextFreeId(used)
  return { name, shell, uid: id, gid: id, home }
}
