import type { ResourceType } from '@aws-sdk/client-ec2'
import { AwsError } from '../../protocol/aws-error.js'
import { SUBNETS, VPC_ID } from '../network.js'
import { idPrefix, isId, notFound, own, RESOURCES, type ResourceKind } from '../resource-ids.js'
import { snapshotById } from '../snapshots/find.js'
import type { Ec2State } from '../state.js'

interface Taggable {
  readonly type: ResourceType
  readonly kind?: ResourceKind
  exists(state: Ec2State, id: string): boolean
}

const someInstance = (state: Ec2State, test: (instance: Ec2State['instances'][string]) => boolean) =>
  Object.values(state.instances).some((instance) => instance.state !== 'terminated' && test(instance))

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
  subnet: { type: 'subnet', kind: 'subnet', exists: (_state, id) => SUBNETS.some((subnet) => subnet.id === id) },
  vpc: { type: 'vpc', kind: 'vpc', exists: (_state, id) => id === VPC_ID },
  vol: { type: 'volume', kind: 'volume', exists: (state, id) => own(state.volumes, id) !== undefined },
  snap: { type: 'snapshot', kind: 'snapshot', exists: (state, id) => snapshotById(state, id) !== undefined },
  sir: {
    type: 'spot-instances-request',
    kind: 'spotRequest',
    exists: (state, id) => own(state.spotRequests ?? {}, id) !== undefined,
  },
  eni: {
    type: 'network-interface',
    exists: (state, id) => someInstance(state, (instance) => instance.networkInterfaceId === id),
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
