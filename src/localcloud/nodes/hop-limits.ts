import { mustRunHost } from './host-command.js'
import type { NetworkPolicy } from './network-policy.js'

/**
 * Rules that let answers with a metadata token travel only so many hops, as `HttpPutResponseHopLimit` says: what the
 * token is handed on to behind a node, such as a container with a network of its own, is one hop further. Such an answer
 * begins with the header that is the first of those to a PUT (imds.ts), 17 bytes after the status line.
 */
export function hopRules(policy: NetworkPolicy): string {
  const lines = [`table ip ${TABLE}`, `delete table ip ${TABLE}`, `table ip ${TABLE} {`, '  chain answers {']
  lines.push('    type filter hook output priority mangle; policy accept;')
  for (const limit of new Set(policy.nodes.map(({ hopLimit }) => hopLimit))) {
    if (limit === undefined) continue
    const nodes = policy.nodes.filter(({ hopLimit }) => hopLimit === limit).map(({ privateIp }) => privateIp)
    const tokens = `ip saddr 169.254.169.254 tcp sport 80 @ih,136,64 ${X_AWS_EC}`
    lines.push(`    ip daddr { ${nodes.join(', ')} } ${tokens} ip ttl set ${limit}`)
  }
  return `${[...lines, '  }', '}'].join('\n')}\n`
}

const TABLE = 'starcluster_hops'
const X_AWS_EC = `0x${Buffer.from('x-aws-ec').toString('hex')}`

/** Keeps them in force. Needs Linux 5.16; where they cannot be, that is told once and tokens travel as far as they can. */
export class HopLimits {
  private applied = ''
  private told = false

  constructor(
    private readonly enterNetwork: readonly string[],
    private readonly warn: (message: string) => void,
  ) {}

  async follow(policy: NetworkPolicy): Promise<void> {
    const rules = hopRules(policy)
    if (rules === this.applied) return
    try {
      await mustRunHost('nsenter', [...this.enterNetwork, 'nft', '-f', '-'], { input: rules, deadlineMs: 60_000 })
      this.applied = rules
    } catch (error) {
      if (!this.told) this.warn(`hop limits of metadata tokens do not hold: ${(error as Error).message}`)
      this.told = true
    }
  }
}
