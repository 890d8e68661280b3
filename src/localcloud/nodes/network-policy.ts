/** Who may speak to whom: what security groups say about the nodes that exist. All of it at once, never a change of it. */
export interface NetworkPolicy {
  readonly nodes: readonly PolicyNode[]
  /** The groups those nodes are in. */
  readonly groups: readonly PolicyGroup[]
}

interface PolicyNode {
  readonly id: string
  readonly privateIp: string
  /** Ids of its groups. What any of them allows is allowed. */
  readonly groups: readonly string[]
  /** How many hops an answer with a metadata token may travel; missing: as far as it can. */
  readonly hopLimit?: number
  /** The host does not reach it at all. */
  readonly private?: true
}

interface PolicyGroup {
  readonly id: string
  readonly ingress: readonly PolicyRule[]
  readonly egress: readonly PolicyRule[]
}

export interface PolicyRule {
  /** `tcp`, `udp`, `icmp`, the number of another protocol, or `-1` for all. */
  readonly protocol: string
  /** Ports; with icmp type and code. -1: any. */
  readonly from: number
  readonly to: number
  /** Other side: a range of addresses, or the nodes of a group. */
  readonly peer: { readonly cidr: string } | { readonly group: string }
}

export interface PortRange {
  readonly from: number
  readonly to: number
}

/** The address with which callers on this computer are held against the rules. */
const HOST = '127.0.0.1'

/** TCP ports of a node that the host may reach. */
export function portsOpenToHost(policy: NetworkPolicy, id: string): PortRange[] {
  const node = policy.nodes.find((one) => one.id === id)
  const mine = node?.private ? [] : (node?.groups ?? [])
  return policy.groups
    .filter((group) => mine.includes(group.id))
    .flatMap((group) => group.ingress)
    .filter((rule) => 'cidr' in rule.peer && cidrHolds(rule.peer.cidr, HOST))
    .filter((rule) => rule.protocol === 'tcp' || rule.protocol === '-1' || rule.protocol === '6')
    .map((rule) => (rule.protocol === 'tcp' ? { from: rule.from, to: rule.to } : { from: 0, to: 65_535 }))
}

export const isOpen = (ranges: readonly PortRange[], port: number): boolean =>
  ranges.some(({ from, to }) => from <= port && port <= to)

/** Whether an IPv4 address is in a range like `10.0.0.0/8`. */
export function cidrHolds(cidr: string, address: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  return Math.floor(asNumber(base) / size) === Math.floor(asNumber(address) / size)
}

const asNumber = (address: string) => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
