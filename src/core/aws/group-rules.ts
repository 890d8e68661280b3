import type { IpPermission } from '@aws-sdk/client-ec2'
import { rangeKey } from './cidr.js'

/** Ports that are opened to a range of addresses. */
export interface Permission {
  /** What opens it: part of the rule's description. */
  readonly name?: string
  /** tcp, udp or icmp. */
  readonly ipProtocol: string
  /** -1 for icmp. */
  readonly fromPort: number
  readonly toPort: number
  readonly cidrIp: string
}

export interface Access {
  /** Who may reach port 22 besides those whom permissions let in. */
  readonly sshCidr: string | undefined
  /** Other ports that are opened. */
  readonly permissions: readonly Permission[]
}

/** Descriptions of the rules that we make begin with it. */
const mark = 'starcluster: '

/** Rules of a group whose members reach each other freely: each with one source, marked as ours. */
export function groupRules(groupId: string, { sshCidr, permissions }: Access): IpPermission[] {
  const ssh = sshCidr === undefined ? [] : [{ ...sshPort, cidrIp: sshCidr }]
  const unique = new Map([...ssh, ...permissions].map((one) => [ruleKey(rule(one)), rule(one)]))
  return [
    ...unique.values(),
    { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId, Description: `${mark}nodes` }] },
  ]
}

const sshPort = { name: 'ssh', ipProtocol: 'tcp', fromPort: 22, toPort: 22 }

export function opensSsh({ ipProtocol, fromPort, toPort }: Permission): boolean {
  return ipProtocol === 'tcp' && fromPort <= 22 && toPort >= 22
}

export function isEverybody(cidr: string): boolean {
  return cidr === '0.0.0.0/0' || cidr === '::/0'
}

function rule({ name = 'port', ipProtocol, fromPort, toPort, cidrIp }: Permission): IpPermission {
  const Description = describe(name)
  const range = cidrIp.includes(':')
    ? { Ipv6Ranges: [{ CidrIpv6: cidrIp, Description }] }
    : { IpRanges: [{ CidrIp: cidrIp, Description }] }
  return { IpProtocol: ipProtocol, FromPort: fromPort, ToPort: toPort, ...range }
}

/** Of the characters and the length that EC2 allows. Source: EC2 API reference, IpRange. */
function describe(name: string): string {
  return `${mark}${name.replace(/[^A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]/g, '_')}`.slice(0, 255)
}

/** The rules of a group, each with one source: EC2 tells those of the same ports together. */
export function singleRules(permissions: readonly IpPermission[] | undefined): IpPermission[] {
  return (permissions ?? []).flatMap(({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, UserIdGroupPairs }) => {
    const ports = {
      IpProtocol,
      ...(FromPort === undefined ? {} : { FromPort }),
      ...(ToPort === undefined ? {} : { ToPort }),
    }
    return [
      ...(IpRanges ?? []).map((range) => ({ ...ports, IpRanges: [range] })),
      ...(Ipv6Ranges ?? []).map((range) => ({ ...ports, Ipv6Ranges: [range] })),
      ...(UserIdGroupPairs ?? []).map((pair) => ({ ...ports, UserIdGroupPairs: [pair] })),
    ]
  })
}

/** Equal for rules with one source that allow the same, whatever their descriptions. */
export function ruleKey({ IpProtocol, FromPort = -1, ToPort = -1, ...sources }: IpPermission): string {
  const cidr = cidrOf(sources)
  return [IpProtocol, FromPort, ToPort, cidr ? rangeKey(cidr) : sources.UserIdGroupPairs?.[0]?.GroupId].join(' ')
}

/** The addresses a rule with one source lets in; undefined: members of a group. */
export function cidrOf({ IpRanges, Ipv6Ranges }: IpPermission): string | undefined {
  return IpRanges?.[0]?.CidrIp ?? Ipv6Ranges?.[0]?.CidrIpv6
}

/** What a rule of ours is for: the name in its description; undefined for rules that others made. */
export function markOf({ IpRanges, Ipv6Ranges, UserIdGroupPairs }: IpPermission): string | undefined {
  const text = [IpRanges, Ipv6Ranges, UserIdGroupPairs].flatMap((sources) => sources?.[0]?.Description ?? [])[0]
  return text?.startsWith(mark) ? text.slice(mark.length) : undefined
}

/** `tcp 22 from 0.0.0.0/0`; `everything between its nodes`. */
export function ruleText(one: IpPermission): string {
  const { IpProtocol, FromPort, ToPort } = one
  const from = cidrOf(one)
  if (from === undefined) return 'everything between its nodes'
  const ports =
    FromPort === undefined || FromPort === -1 ? '' : FromPort === ToPort ? ` ${FromPort}` : ` ${FromPort}-${ToPort}`
  return `${IpProtocol}${ports} from ${from}`
}
