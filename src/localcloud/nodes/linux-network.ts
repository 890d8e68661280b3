import { join } from 'node:path'
import { askEgress, storedEgress, storeEgress } from './egress.js'
import type { Egress, NodeNetwork } from './node-network.js'
import type { Supervisor } from './supervisor.js'

/** The network of one home's nodes. */
export class LinuxNetwork implements NodeNetwork {
  private readonly file: string

  constructor(
    home: string,
    private readonly egressAtFirst: boolean,
    private readonly supervisor: () => Promise<Supervisor>,
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
    return askEgress(await this.supervisor())
  }

  async setEgress(wanted: boolean): Promise<Egress> {
    const supervisor = await this.supervisor()
    await storeEgress(this.file, wanted)
    return askEgress(supervisor, wanted)
  }
}
