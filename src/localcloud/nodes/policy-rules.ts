import { mustRunHost } from './host-command.js'
import type { NetworkPolicy, PolicyRule } from './network-policy.js'

/**
 * A policy as one nftables transaction: it replaces the one before as a whole. It stands on the bridge of the nodes,
 * where the kernel may track no connections, so that is done here: a TCP connection needs its first packet allowed, and
 * UDP and other protocols get answers for three minutes after each packet that was allowed. What passes the bridge to and
 * from the holder itself (metadata, connections from the host) is not forwarded traffic and not judged here.
 *
 * @param nameServer always reachable, as Amazon's: groups do not filter it
 */
export function policyRules(policy: NetworkPolicy, nameServer: string): string {
  const lines = [`table bridge ${TABLE}`, `delete table bridge ${TABLE}`, `table bridge ${TABLE} {`]
  lines.push(...REMEMBERED)
  for (const { id } of policy.groups) {
    const members = policy.nodes.filter((node) => node.groups.includes(id)).map((node) => node.privateIp)
    const elements = members.length > 0 ? ` elements = { ${members.join(', ')} }` : ''
    lines.push(`  set ${name('members', id)} { type ipv4_addr;${elements} }`)
  }
  const known = new Set(policy.groups.map(({ id }) => id))
  for (const group of policy.groups) {
    const rules = (side: 'saddr' | 'daddr', all: readonly PolicyRule[]) =>
      all.flatMap((one) => ruleText(one, side, known)).map((text) => `    ${text}`)
    lines.push(`  chain ${name('in', group.id)} {`, ...rules('saddr', group.ingress), '  }')
    lines.push(`  chain ${name('out', group.id)} {`, ...rules('daddr', group.egress), '  }')
  }
  lines.push(...filter(policy, 'out', nameServer), ...filter(policy, 'in', nameServer), ...NOTE, '}')
  return `${lines.join('\n')}\n`
}

/**
 * Puts a policy in force in the holder's network, where it stays when we end. All of it or, with an error, nothing.
 * @param enterNetwork what `nsenter` needs to get there
 */
export async function applyPolicyRules(
  enterNetwork: readonly string[],
  policy: NetworkPolicy,
  nameServer: string,
): Promise<void> {
  const args = [...enterNetwork, 'nft', '-f', '-']
  await mustRunHost('nsenter', args, { input: policyRules(policy, nameServer), deadlineMs: 60_000 })
}

const TABLE = 'starcluster_groups'

const REMEMBERED = [
  '  set answers {',
  '    type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic,timeout; timeout 3m; size 65536',
  '  }',
  '  set answers_other {',
  '    type ipv4_addr . ipv4_addr . inet_proto; flags dynamic,timeout; timeout 3m; size 65536',
  '  }',
  // Egress comes in at tap0, and opens no connections of its own. Later fragments are useless without the first.
  '  chain established {',
  '    ether type != ip accept',
  '    iifname "tap0" accept',
  '    ip frag-off & 0x1fff != 0 accept',
  '    ip protocol tcp tcp flags & (syn | ack) != syn accept',
  '    ip protocol icmp icmp type { echo-reply, destination-unreachable, time-exceeded, parameter-problem } accept',
  '    ip saddr . udp sport . ip daddr . udp dport @answers accept',
  '    ip protocol != { tcp, udp, icmp } ip saddr . ip daddr . ip protocol @answers_other accept',
  '  }',
]

/** Sees only what both ends let through. */
const NOTE = [
  '  chain note {',
  '    type filter hook forward priority 2; policy accept;',
  '    ip protocol udp update @answers { ip daddr . udp dport . ip saddr . udp sport }',
  '    ip protocol != { tcp, udp, icmp } update @answers_other { ip daddr . ip saddr . ip protocol }',
  '  }',
]

/** The sender's groups are asked first, then the receiver's: an accept ends a chain, not the way through the bridge. */
function filter(policy: NetworkPolicy, way: 'in' | 'out', nameServer: string): string[] {
  const combinations = new Map<string, string>()
  const lines: string[] = []
  const targets = policy.nodes.map((node) => {
    const key = node.groups.join(' ')
    let chain = combinations.get(key)
    if (chain === undefined) {
      chain = `${way}_nodes_${combinations.size}`
      combinations.set(key, chain)
      const jumps = node.groups.map((id) => `    jump ${name(way, id)}`)
      lines.push(`  chain ${chain} {`, ...jumps, '    drop', '  }')
    }
    return `${node.privateIp} : goto ${chain}`
  })
  const side = way === 'in' ? 'daddr' : 'saddr'
  lines.push(`  chain ${way} {`)
  lines.push(`    type filter hook forward priority ${way === 'out' ? 0 : 1}; policy accept;`, '    jump established')
  if (way === 'out') lines.push(`    ip daddr ${nameServer} meta l4proto { tcp, udp } th dport 53 accept`)
  if (way === 'in') lines.push('    oifname "tap0" accept')
  if (targets.length > 0) lines.push(`    ip ${side} vmap { ${targets.join(', ')} }`)
  lines.push('    drop', '  }')
  return lines
}

function ruleText(rule: PolicyRule, side: 'saddr' | 'daddr', known: ReadonlySet<string>): string[] {
  const { peer } = rule
  // A group without nodes lets nobody in.
  if ('group' in peer && !known.has(peer.group)) return []
  const who =
    'cidr' in peer
      ? peer.cidr.endsWith('/0')
        ? ''
        : `ip ${side} ${peer.cidr} `
      : `ip ${side} @${name('members', peer.group)} `
  return [`${who}${what(rule)}accept`]
}

function what({ protocol, from, to }: PolicyRule): string {
  if (protocol === '-1') return ''
  if (protocol === 'tcp' || protocol === 'udp') return `${protocol} dport ${from}-${to} `
  if (protocol !== 'icmp') return `ip protocol ${protocol} `
  if (from === -1) return 'ip protocol icmp '
  return `icmp type ${from} ${to === -1 ? '' : `icmp code ${to} `}`
}

const name = (what: string, id: string) => `${what}_${id.replaceAll(/[^A-Za-z0-9]/g, '_')}`
