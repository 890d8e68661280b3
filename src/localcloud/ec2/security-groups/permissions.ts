import { isIPv4, isIPv6 } from 'node:net'
import type { IpPermission, UserIdGroupPair } from '@aws-sdk/client-ec2'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import type { Ec2State, SecurityGroupRuleRecord } from '../state.js'
import { toAddress, toNumber } from '../vpc/cidr.js'
import { requireGroup } from './find.js'

/** A rule before it has an id: what is allowed, to or from where. */
export type RuleContent = Omit<SecurityGroupRuleRecord, 'id'>

/** What Authorize and Revoke take beside `IpPermissions`: one permission, spelt in the request itself. */
export interface FlatPermission {
  readonly IpProtocol?: string | undefined
  readonly FromPort?: number | undefined
  readonly ToPort?: number | undefined
  readonly CidrIp?: string | undefined
  readonly SourceSecurityGroupName?: string | undefined
  readonly SourceSecurityGroupOwnerId?: string | undefined
}

/**
 * The single rules a request's permissions stand for.
 *
 * @throws AwsError InvalidParameterValue, MissingParameter, InvalidGroup.NotFound
 * Source: EC2 API reference, IpPermission and AuthorizeSecurityGroupIngress.
 */
export function parsePermissions(
  state: Ec2State,
  egress: boolean,
  permissions: readonly IpPermission[] | undefined,
  flat: FlatPermission,
): RuleContent[] {
  const rules = asPermissions(permissions, flat).flatMap((permission) => parsePermission(state, egress, permission))
  if (rules.length === 0) throw missingParameter('ipPermissions')
  const seen = new Set<string>()
  for (const rule of rules) {
    const key = ruleKey(rule)
    if (seen.has(key)) throw new AwsError('InvalidParameterValue', 'The same permission must not appear multiple times')
    seen.add(key)
  }
  return rules
}

function asPermissions(
  permissions: readonly IpPermission[] | undefined,
  flat: FlatPermission,
): readonly IpPermission[] {
  const { IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName: GroupName } = flat
  if (permissions && permissions.length > 0) {
    if (IpProtocol === undefined && CidrIp === undefined && GroupName === undefined) return permissions
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameter ipPermissions cannot be used with the parameter ipProtocol',
    )
  }
  if (GroupName !== undefined) {
    // EC2-Classic's form: every protocol and port of that group.
    return [{ IpProtocol: IpProtocol ?? '-1', FromPort, ToPort, UserIdGroupPairs: [{ GroupName }] }]
  }
  if (IpProtocol === undefined && CidrIp === undefined) return []
  return [{ IpProtocol, FromPort, ToPort, IpRanges: CidrIp === undefined ? [] : [{ CidrIp }] }]
}

function parsePermission(state: Ec2State, egress: boolean, permission: IpPermission): RuleContent[] {
  const base = { egress, ...parsePorts(permission) }
  const described = (Description: string | undefined) =>
    Description === undefined ? {} : { description: parseDescription(Description) }
  if (permission.PrefixListIds?.length) {
    const message = `The prefix list ID '${permission.PrefixListIds[0]?.PrefixListId}' does not exist`
    throw new AwsError('InvalidPrefixListID.NotFound', message)
  }
  const rules: RuleContent[] = [
    ...(permission.IpRanges ?? []).map((range) => ({
      ...base,
      cidr: parseCidr(range.CidrIp),
      ...described(range.Description),
    })),
    ...(permission.Ipv6Ranges ?? []).map((range) => ({
      ...base,
      cidr6: parseCidr6(range.CidrIpv6),
      ...described(range.Description),
    })),
    ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
      ...base,
      groupId: groupIdOf(state, pair),
      ...described(pair.Description),
    })),
  ]
  return rules
}

/** Source: EC2 API reference, IpRange. */
function parseDescription(text: string): string {
  if (/^[A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/.test(text)) return text
  throw new AwsError(
    'InvalidParameterValue',
    'Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
  )
}

const groupIdOf = (state: Ec2State, { GroupId, GroupName }: UserIdGroupPair) =>
  requireGroup(state, GroupId !== undefined ? { GroupId } : { GroupName }).id

const PROTOCOLS: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6', all: '-1' }

function parsePorts(permission: IpPermission): Pick<RuleContent, 'protocol' | 'fromPort' | 'toPort'> {
  const { IpProtocol, FromPort, ToPort } = permission
  if (!IpProtocol) throw missingParameter('ipProtocol')
  const lower = IpProtocol.toLowerCase()
  const protocol = PROTOCOLS[lower] ?? lower
  if (protocol === 'tcp' || protocol === 'udp') return { protocol, ...portRange(protocol, FromPort, ToPort) }
  if (protocol === 'icmp' || protocol === 'icmpv6') return { protocol, fromPort: FromPort ?? -1, toPort: ToPort ?? -1 }
  const number = /^\d+$/.test(protocol) ? Number(protocol) : -1
  if (protocol !== '-1' && (number < 0 || number > 255)) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${IpProtocol}' for IP protocol. Unknown protocol.`)
  }
  return { protocol, fromPort: -1, toPort: -1 }
}

function portRange(protocol: string, fromPort: number | undefined, toPort: number | undefined) {
  const refuse = (message: string) => new AwsError('InvalidParameterValue', message)
  if (fromPort === undefined || toPort === undefined) {
    throw refuse("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
  }
  for (const port of [fromPort, toPort]) {
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw refuse(`Invalid value '${port}' for ${protocol} port. Must be between 0 and 65535.`)
    }
  }
  if (fromPort > toPort) throw refuse(`Invalid ${protocol.toUpperCase()} port range (${fromPort}>${toPort})`)
  return { fromPort, toPort }
}

/** Host bits are cleared, as EC2 does. */
function parseCidr(text: string | undefined): string {
  const [address = '', bits = '', more] = (text ?? '').split('/')
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || more !== undefined) throw malformedCidr(text)
  const size = 2 ** (32 - Number(bits))
  return `${toAddress(Math.floor(toNumber(address) / size) * size)}/${Number(bits)}`
}

function parseCidr6(text: string | undefined): string {
  const [address = '', bits = '', more] = (text ?? '').split('/')
  if (!isIPv6(address) || !/^\d{1,3}$/.test(bits) || Number(bits) > 128 || more !== undefined) throw malformedCidr(text)
  return `${address.toLowerCase()}/${Number(bits)}`
}

const malformedCidr = (text: string | undefined) =>
  new AwsError('InvalidParameterValue', `CIDR block ${text ?? ''} is malformed`)

/** Equal for rules that allow the same; descriptions do not count. */
export function ruleKey(rule: RuleContent): string {
  const { egress, protocol, fromPort, toPort, cidr, cidr6, groupId } = rule
  return [egress, protocol, fromPort, toPort, cidr ?? cidr6 ?? groupId].join(' ')
}

/** How EC2 words a rule in its messages: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`. */
export function ruleText(rule: RuleContent): string {
  const { protocol, fromPort, toPort } = rule
  const peer = rule.cidr ?? rule.cidr6 ?? rule.groupId
  if (protocol === '-1') return `peer: ${peer}, ALL, ALLOW`
  if (/^\d+$/.test(protocol)) return `peer: ${peer}, protocol: ${protocol}, ALLOW`
  const [from, to] = protocol.startsWith('icmp') ? ['type', 'code'] : ['from port', 'to port']
  return `peer: ${peer}, ${protocol.toUpperCase()}, ${from}: ${fromPort}, ${to}: ${toPort}, ALLOW`
}
