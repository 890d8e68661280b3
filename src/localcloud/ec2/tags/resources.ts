import type { ResourceType } from '@aws-sdk/client-ec2'
import { AwsError } from '../../protocol/aws-error.js'
import { placementGroupsOf } from '../placement-groups/records.js'
import { idPrefix, isId, notFound, own, RESOURCES, type ResourceKind } from '../resource-ids.js'
import { snapshotById } from '../snapshots/find.js'
import type { Ec2State } from '../state.js'
import { interfaceById } from '../vpc/interface-view.js'
import { networkOf } from '../vpc/records.js'

interface Taggable {
  readonly type: ResourceType
  readonly kind?: ResourceKind
  exists(state: Ec2State, id: string): boolean
}

const TAGGABLE: Readonly<Record<string, Taggable>> = {
  i: { type: 'instance', kind: 'instance', exists: (state, id) => own(state.instances, id) !== undefined },
  ami: { type: 'image', kind: 'image', exists: (state, id) => own(state.images, id) !== undefined },
  sg: {
    type: 'security-group',
    kind: 'securityGroup',
    exists: (state, id) => own(state.securityGroups, id) !== undefined,
  },
  sgr: {
    type: 'security-group-rule',
    kind: 'rule',
    exists: (state, id) =>
      Object.values(state.securityGroups).some((group) => group.rules.some((rule) => rule.id === id)),
  },
  key: { type: 'key-pair', exists: (state, id) => own(state.keyPairs, id) !== undefined },
  subnet: { type: 'subnet', kind: 'subnet', exists: (state, id) => own(networkOf(state).subnets, id) !== undefined },
  vpc: { type: 'vpc', kind: 'vpc', exists: (state, id) => own(networkOf(state).vpcs, id) !== undefined },
  vol: { type: 'volume', kind: 'volume', exists: (state, id) => own(state.volumes, id) !== undefined },
  snap: { type: 'snapshot', kind: 'snapshot', exists: (state, id) => snapshotById(state, id) !== undefined },
  sir: {
    type: 'spot-instances-request',
    kind: 'spotRequest',
    exists: (state, id) => own(state.spotRequests ?? {}, id) !== undefined,
  },
  igw: {
    type: 'internet-gateway',
    kind: 'gateway',
    exists: (state, id) => own(networkOf(state).gateways, id) !== undefined,
  },
  rtb: {
    type: 'route-table',
    kind: 'routeTable',
    exists: (state, id) => own(networkOf(state).routeTables, id) !== undefined,
  },
  eni: {
    type: 'network-interface',
    kind: 'networkInterface',
    exists: (state, id) => interfaceById(state, id) !== undefined,
  },
  pg: {
    type: 'placement-group',
    exists: (state, id) => Object.values(placementGroupsOf(state)).some((group) => group.id === id),
  },
}

export function resourceType(id: string): ResourceType | undefined {
  return TAGGABLE[idPrefix(id) ?? '']?.type
}

/** @throws AwsError the resource's own code when it has one, else InvalidID */
export function requireResources(state: Ec2State, ids: readonly string[]): void {
  for (const id of ids) {
    const prefix = id.slice(0, Math.max(0, id.indexOf('-')))
    const taggable = Object.hasOwn(TAGGABLE, prefix) ? TAGGABLE[prefix] : undefined
    if (!taggable) throw new AwsError('InvalidID', `The ID '${id}' is not valid`)
    const { kind } = taggable
    if (!isId(prefix, id))
      throw new AwsError(kind ? RESOURCES[kind].malformed : 'InvalidID', `The ID '${id}' is not valid`)
    if (taggable.exists(state, id)) continue
    throw kind ? notFound(kind, [id]) : new AwsError('InvalidID', `The ID '${id}' does not exist`)
  }
}
