import type { Cloud, CloudState } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'
import { faultsOf } from './faults.js'
import { keyPairNotFound } from './key-pairs/actions.js'
import { notFound } from './resource-ids.js'

/** When instances, groups, key pairs, volumes and snapshots were first seen here, by id, while the fault `visibility` is injected. */
const seen = new WeakMap<Cloud, Map<string, number>>()

const KINDS = ['instances', 'securityGroups', 'keyPairs', 'volumes', 'snapshots'] as const

/**
 * To be called after every change: what it made becomes visible `ms` later. What is there when the fault is injected was
 * there before.
 */
export function noteNew(cloud: Cloud): void {
  const known = seen.get(cloud)
  if (!known) return
  const now = cloud.now().getTime()
  for (const kind of KINDS) for (const id of Object.keys(cloud.state.ec2[kind])) if (!known.has(id)) known.set(id, now)
}

/** Reads see the cloud without what is not visible yet; writes that name it are refused. @throws AwsError not found */
export function visible(cloud: Cloud, action: string, input: object): Cloud {
  const hidden = hiddenIds(cloud)
  if (hidden.size === 0) return cloud
  refuseNamed(cloud, action, input, hidden)
  if (!/^(?:Describe|Get)/.test(action)) return cloud
  const { ec2 } = cloud.state
  const shown = Object.fromEntries(KINDS.map((kind) => [kind, without<unknown>(ec2[kind], hidden)]))
  return { ...cloud, state: { ...cloud.state, ec2: { ...ec2, ...shown } } as CloudState }
}

function hiddenIds(cloud: Cloud): Set<string> {
  const fault = faultsOf(cloud).get('visibility')
  if (!fault) {
    seen.delete(cloud)
    return new Set()
  }
  const ids = KINDS.flatMap((kind) => Object.keys(cloud.state.ec2[kind]))
  let known = seen.get(cloud)
  if (!known) seen.set(cloud, (known = new Map(ids.map((id) => [id, Number.NEGATIVE_INFINITY]))))
  const now = cloud.now().getTime()
  return new Set(ids.filter((id) => now - (known.get(id) ?? now) < fault.ms))
}

function refuseNamed(cloud: Cloud, action: string, input: object, hidden: ReadonlySet<string>): void {
  const { ec2 } = cloud.state
  if (action === 'RunInstances') {
    const { KeyName } = input as { KeyName?: string }
    const pair = Object.values(ec2.keyPairs).find(({ name }) => name === KeyName)
    if (pair && hidden.has(pair.id)) throw keyPairNotFound(pair.name)
  }
  // Filters find nothing; they are no mistake.
  const { Filters: _filters, ...named } = input as { Filters?: unknown }
  for (const text of textsIn(named)) {
    if (!hidden.has(text)) continue
    if (Object.hasOwn(ec2.instances, text)) throw notFound('instance', [text])
    if (Object.hasOwn(ec2.securityGroups, text)) throw notFound('securityGroup', [text])
    if (Object.hasOwn(ec2.volumes, text)) throw notFound('volume', [text])
    if (Object.hasOwn(ec2.snapshots, text)) throw notFound('snapshot', [text])
    throw new AwsError('InvalidKeyPair.NotFound', `The key pair ID '${text}' does not exist`)
  }
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array)) {
    for (const member of Object.values(value)) yield* textsIn(member)
  }
}

function without<T>(records: Readonly<Record<string, T>>, hidden: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(records).filter(([id]) => !hidden.has(id)))
}
