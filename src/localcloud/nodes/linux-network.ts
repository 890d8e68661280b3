import { join } from 'node:path'
import { askEgress, storedEgress, storeEgress } from './egress.js'
import type { Egress, Links, NodeNetwork } from './node-network.js'
import type { SharedParts } from './shared-parts.js'

/** The network of one home's nodes. */
export class LinuxNetwork implements NodeNetwork {
  private readonly file: string

  constructor(
    home: string,
    private readonly egressAtFirst: boolean,
    private readonly shared: () => Promise<SharedParts>,
  ) {
    this.file = join(home, 'egress')
  }

  /** As said last; the first answer is kept, so that it does not change with the surroundings of later starts. */
  async wanted(): Promise<boolean> {
    const stored = await storedEgress(this.file)
    if (stored === undefined) await storeEgress(this.file, this.egressAtFirst)
    return stored ?? this.egressAtFirst
  }

  async egress(): Promise<Egress> {
    return askEgress((await this.shared()).supervisor)
  }

  async setEgress(wanted: boolean): Promise<Egress> {
    const { supervisor } = await this.shared()
    await storeEgress(this.file, wanted)
    return askEgress(supervisor, wanted)
  }

  async setLinks(links: Links): Promise<void> {
    await (await this.shared()).links.set(links)
  }
}
