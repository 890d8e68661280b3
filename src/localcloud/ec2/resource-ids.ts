import { randomBytes } from 'node:crypto'
import { AwsError, invalidValue, missingParameter } from '../protocol/aws-error.js'

/** A fresh id in EC2's long format: prefix, `-0`, sixteen hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`
}

const FORMAT = /^([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})$/

export function isId(prefix: string, id: string): boolean {
  return FORMAT.exec(id)?.[1] === prefix
}

/** The prefix of a well-formed id of any resource: `i` of `i-0123456789abcdef0`. */
export function idPrefix(id: string): string | undefined {
  return FORMAT.exec(id)?.[1]
}

/** How EC2 words that an id names nothing, per resource. Source: API reference, "Error codes". */
interface Wording {
  readonly prefix: string
  readonly malformed: string
  readonly notFound: string
  readonly noun: string
  /** Where EC2 calls a malformed id a wrong value of this parameter. */
  readonly parameter?: string
}

export const RESOURCES = {
  instance: {
    prefix: 'i',
    malformed: 'InvalidInstanceID.Malformed',
    notFound: 'InvalidInstanceID.NotFound',
    noun: 'instance ID',
  },
  image: { prefix: 'ami', malformed: 'InvalidAMIID.Malformed', notFound: 'InvalidAMIID.NotFound', noun: 'image id' },
  securityGroup: {
    prefix: 'sg',
    malformed: 'InvalidGroupId.Malformed',
    notFound: 'InvalidGroup.NotFound',
    noun: 'security group',
  },
  volume: {
    prefix: 'vol',
    malformed: 'InvalidParameterValue',
    notFound: 'InvalidVolume.NotFound',
    noun: 'volume',
    parameter: 'volumeId',
  },
  snapshot: {
    prefix: 'snap',
    malformed: 'InvalidParameterValue',
    notFound: 'InvalidSnapshot.NotFound',
    noun: 'snapshot',
    parameter: 'snapshotId',
  },
  rule: {
    prefix: 'sgr',
    malformed: 'InvalidSecurityGroupRuleId.Malformed',
    notFound: 'InvalidSecurityGroupRuleId.NotFound',
    noun: 'security group rule ID',
  },
  subnet: {
    prefix: 'subnet',
    malformed: 'InvalidSubnetID.Malformed',
    notFound: 'InvalidSubnetID.NotFound',
    noun: 'subnet ID',
  },
  gateway: {
    prefix: 'igw',
    malformed: 'InvalidInternetGatewayId.Malformed',
    notFound: 'InvalidInternetGatewayID.NotFound',
    noun: 'internetGateway ID',
  },
  routeTable: {
    prefix: 'rtb',
    malformed: 'InvalidRouteTableId.Malformed',
    notFound: 'InvalidRouteTableID.NotFound',
    noun: 'routeTable ID',
  },
  networkInterface: {
    prefix: 'eni',
    malformed: 'InvalidNetworkInterfaceId.Malformed',
    notFound: 'InvalidNetworkInterfaceID.NotFound',
    noun: 'networkInterface ID',
  },
  spotRequest: {
    prefix: 'sir',
    malformed: 'InvalidSpotInstanceRequestID.Malformed',
    notFound: 'InvalidSpotInstanceRequestID.NotFound',
    noun: 'spot instance request ID',
  },
  vpc: { prefix: 'vpc', malformed: 'InvalidVpcID.Malformed', notFound: 'InvalidVpcID.NotFound', noun: 'vpc ID' },
} satisfies Record<string, Wording>

export type ResourceKind = keyof typeof RESOURCES

export function malformedId(kind: ResourceKind, id: string): AwsError {
  const { prefix, malformed, parameter }: Wording = RESOURCES[kind]
  if (parameter) return invalidValue(id, parameter, `Expected: '${prefix}-...'.`)
  return new AwsError(malformed, `Invalid id: "${id}" (expecting "${prefix}-...")`)
}

export function notFound(kind: ResourceKind, ids: readonly string[]): AwsError {
  const { noun, notFound: code } = RESOURCES[kind]
  const does = ids.length === 1 ? `${noun} '${ids[0]}' does` : `${noun}s '${ids.join(', ')}' do`
  return new AwsError(code, `The ${does} not exist`)
}

/**
 * The records of the ids asked for, each once, in the order asked.
 *
 * @throws AwsError malformed before not found, as EC2; not found names all that are missing
 */
export function lookUp<T>(kind: ResourceKind, ids: readonly string[], find: (id: string) => T | undefined): T[] {
  for (const id of ids) if (!isId(RESOURCES[kind].prefix, id)) throw malformedId(kind, id)
  const found = new Map([...new Set(ids)].map((id) => [id, find(id)]))
  const missing = [...found].filter(([, record]) => record === undefined).map(([id]) => id)
  if (missing.length > 0) throw notFound(kind, missing)
  return [...found.values()] as T[]
}

/** The one record of this id. @throws AwsError MissingParameter naming the parameter, and what `lookUp` throws */
export function lookUpOne<T>(
  kind: ResourceKind,
  parameter: string,
  id: string | undefined,
  find: (id: string) => T | undefined,
): T {
  if (!id) throw missingParameter(parameter)
  return lookUp(kind, [id], find)[0] as T
}

/** Own members only: `constructor` is no instance id. */
export function own<T>(records: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(records, id) ? records[id] : undefined
}
