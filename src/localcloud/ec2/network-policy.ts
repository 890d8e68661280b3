import type { Cloud } from '../cloud.js'
import type { NetworkPolicy, PolicyRule } from '../nodes/network-policy.js'
import type { Ec2State, InstanceRecord, SecurityGroupRecord } from './state.js'
import { networkOf, reachesInternet } from './vpc/records.js'

/** What the security groups say about the instances that have, or will have, a node. Groups of none of them are left out. */
export function networkPolicy(state: Ec2State): NetworkPolicy {
  const instances = Object.values(state.instances).filter((instance) => instance.state !== 'terminated')
  const used = new Set(instances.flatMap((instance) => instance.securityGroupIds))
  return {
    nodes: instances.map((instance) => ({
      id: instance.id,
      privateIp: instance.privateIp,
      hopLimit: instance.metadata.hopLimit,
      groups: instance.securityGroupIds.filter((group) => Object.hasOwn(state.securityGroups, group)),
      ...(isPublic(state, instance) ? {} : { private: true as const }),
    })),
    groups: Object.values(state.securityGroups)
      .filter((group) => used.has(group.id))
      .map((group) => ({ id: group.id, ingress: rulesOf(group, false), egress: rulesOf(group, true) })),
  }
}

/** Has a public address, and its subnet a route on which packets to it come in. */
function isPublic(state: Ec2State, { publicIp, subnetId }: InstanceRecord): boolean {
  const subnet = networkOf(state).subnets[subnetId]
  return publicIp !== undefined && subnet !== undefined && reachesInternet(state, subnet)
}

/** The network of the nodes is IPv4 only, so rules for IPv6 have nothing to say. */
function rulesOf(group: SecurityGroupRecord, egress: boolean): PolicyRule[] {
  return group.rules
    .filter((rule) => rule.egress === egress && rule.protocol !== 'icmpv6')
    .flatMap(({ protocol, fromPort: from, toPort: to, cidr, groupId }): PolicyRule[] => {
      if (cidr !== undefined) return [{ protocol, from, to, peer: { cidr } }]
      if (groupId !== undefined) return [{ protocol, from, to, peer: { group: groupId } }]
      return []
    })
}

/** Makes the engine follow the security groups. One change after the other, each with the state as it is by then. */
class PolicyKeeper {
  private applied = ''
  private turn: Promise<void> = Promise.resolve()

  constructor(private readonly cloud: Cloud) {}

  /** Resolves when what the state says now holds. What goes wrong is logged, and tried again with the next change. */
  apply(): Promise<void> {
    this.turn = this.turn.then(() => this.applyNow())
    return this.turn
  }

  private async applyNow(): Promise<void> {
    const policy = networkPolicy(this.cloud.state.ec2)
    const text = JSON.stringify(policy)
    if (text === this.applied) return
    try {
      await this.cloud.engine.setNetworkPolicy(policy)
      this.applied = text
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.cloud.log.error(`the rules of the security groups could not be put in force: ${why}`)
    }
  }
}

const keepers = new WeakMap<Cloud, PolicyKeeper>()

/** To be called before `engine.open`, and after every change of the state that may matter. */
export function applyNetworkPolicy(cloud: Cloud): Promise<void> {
  let keeper = keepers.get(cloud)
  if (!keeper) keepers.set(cloud, (keeper = new PolicyKeeper(cloud)))
  return keeper.apply()
}
