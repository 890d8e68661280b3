import { LocalCloudError } from '../local-error.js'
import { mustRunHost, runHost } from './host-command.js'
import type { Links } from './node-network.js'

/** What is lost is lost between nodes, in every direction; the way out and the metadata service are as before. */
export function lossRules(percent: number): string {
  const empty = `table bridge ${TABLE}\ndelete table bridge ${TABLE}\n`
  if (percent <= 0) return empty
  const some = percent < 100 ? `numgen random mod 10000 < ${Math.round(percent * 100)} ` : ''
  return `${empty}table bridge ${TABLE} {
  chain lose {
    type filter hook forward priority -2; policy accept;
    iifname "v*" oifname "v*" ether type ip ${some}drop
  }
}
`
}

/** Lines for `tc -batch`: what goes to each node is late. */
export function delayLines(interfaces: readonly string[], delayMs: number): string {
  const line = (name: string) =>
    delayMs > 0 ? `qdisc replace dev ${name} root netem delay ${delayMs}ms` : `qdisc del dev ${name} root`
  return interfaces.map((name) => `${line(name)}\n`).join('')
}

const TABLE = 'starcluster_links'
const DEADLINE_MS = 60_000

/** The state of the links in the holder's network. @param enterNetwork what `nsenter` needs to get there */
export class NodeLinks {
  private links: Links = {}

  constructor(private readonly enterNetwork: readonly string[]) {}

  /** Ends what an earlier process left. */
  async start(): Promise<void> {
    await this.run(['nft', '-f', '-'], lossRules(0))
    if ((await this.run(['tc', 'qdisc', 'show'])).includes('qdisc netem')) await this.delay()
  }

  /** @throws LocalCloudError NoDelay where the kernel cannot */
  async set(links: Links): Promise<void> {
    if (links.delayMs) await mustHaveNetem()
    if (this.links.lossPercent || links.lossPercent) {
      await this.run(['nft', '-f', '-'], lossRules(links.lossPercent ?? 0))
    }
    const before = this.links
    this.links = links
    if (before.delayMs || links.delayMs) await this.delay()
  }

  /** A node has booted: its interface is new. */
  async noteNode(): Promise<void> {
    if (this.links.delayMs) await this.delay()
  }

  private async delay(): Promise<void> {
    const shown = await this.run(['ip', '-o', 'link', 'show', 'type', 'veth'])
    const interfaces = [...shown.matchAll(/^\d+: (v\d+)@/gm)].map((match) => match[1] as string)
    // An interface may go meanwhile.
    await this.run(['tc', '-force', '-batch', '-'], delayLines(interfaces, this.links.delayMs ?? 0), true)
  }

  private async run(command: readonly string[], input = '', mayFail = false): Promise<string> {
    const args = [...this.enterNetwork, ...command]
    if (mayFail) return (await runHost('nsenter', args, { input, deadlineMs: DEADLINE_MS })).stdout
    return mustRunHost('nsenter', args, { input, deadlineMs: DEADLINE_MS })
  }
}

/** Whether the kernel can delay packets, tried in a network of its own. */
export async function hasNetem(): Promise<boolean> {
  const own = process.getuid?.() === 0 ? ['-n'] : ['-Urn']
  const tried = await runHost('unshare', [...own, 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'])
  return tried.exitCode === 0
}

async function mustHaveNetem(): Promise<void> {
  if (await hasNetem()) return
  throw new LocalCloudError('NoDelay', 'this kernel cannot delay packets: it has no network emulator (netem)', {
    hint: 'as root: modprobe sch_netem; packet-loss works without it',
  })
}
