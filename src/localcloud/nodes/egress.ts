import { readFile, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { LocalCloudError } from '../local-error.js'
import { mustRunHost } from './host-command.js'
import type { Egress } from './node-network.js'
import type { Supervisor } from './supervisor.js'

/**
 * Where nodes never get to, way out or not: the host's loopback, its other addresses (services may listen there for the
 * host only), link-local addresses (a cloud gives the host's credentials there) and what is no machine's address. The
 * kernel of a node would not send such packets, but its root may write them by hand.
 */
export function egressRules(hostAddresses: readonly string[]): string {
  const closed = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', ...hostAddresses]
  return `table bridge ${TABLE}
delete table bridge ${TABLE}
table bridge ${TABLE} {
  set closed { type ipv4_addr; flags interval; auto-merge; elements = { ${closed.join(', ')} } }
  chain to_outside {
    type filter hook forward priority -1; policy accept;
    oifname "tap0" ether type ip ip daddr @closed drop
  }
}
`
}

const TABLE = 'starcluster_egress'
const LOOK_EVERY_MS = 5000

/** IPv4 addresses of this computer. */
export function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  return [
    ...new Set(all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)),
  ]
}

/** Keeps the rules in force while the host's addresses change. What was put in force last stays when we end. */
export class EgressGuard {
  private timer: NodeJS.Timeout | undefined
  private last = ''

  constructor(
    private readonly enterNetwork: readonly string[],
    private readonly complain: (error: Error) => void,
  ) {}

  async start(): Promise<void> {
    await this.look()
    this.timer = setInterval(() => void this.look().catch(this.complain), LOOK_EVERY_MS).unref()
  }

  close(): void {
    clearInterval(this.timer)
  }

  private async look(): Promise<void> {
    const rules = egressRules(hostAddresses())
    if (rules === this.last) return
    await mustRunHost('nsenter', [...this.enterNetwork, 'nft', '-f', '-'], { input: rules, deadlineMs: 60_000 })
    this.last = rules
  }
}

/** Asks the supervisor how it is, or switches it. @throws LocalCloudError EgressNotSwitched */
export async function askEgress(supervisor: Supervisor, wanted?: boolean): Promise<Egress> {
  try {
    const way = wanted === undefined ? {} : { way: wanted ? 'on' : 'off' }
    const { fields } = await supervisor.request('egress', way)
    return { wanted: fields.way === 'on', works: fields.works === '1' }
  } catch (cause) {
    if (!(cause instanceof LocalCloudError) || !cause.message.includes('unknown request')) throw cause
    throw new LocalCloudError(
      'EgressNotSwitched',
      'these machines were started by a version that cannot switch egress',
      {
        hint: 'starcluster local reset starts afresh; the machines and their disks are lost',
      },
    )
  }
}

/** What was said last for this home; undefined: nothing yet. */
export async function storedEgress(file: string): Promise<boolean | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text === '' ? undefined : text.trim() === 'on'
}

export const storeEgress = (file: string, wanted: boolean) => writeFile(file, `${wanted ? 'on' : 'off'}\n`)
