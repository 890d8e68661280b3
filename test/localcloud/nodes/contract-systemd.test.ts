import { existsSync } from 'node:fs'
import { describe } from 'vitest'
import { openCgroups } from '../../../src/localcloud/nodes/cgroups.js'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { ownCgroupParent } from '../../../src/localcloud/nodes/own-cgroup.js'
import { engineContract } from './contract/contract.js'
import { canRunNodes, DISK_ROOT, isRoot, Machines } from './machines.js'

const { controllers } = await openCgroups('probe')
const refusal = await ownCgroupParent('probe', 'self').then(() => undefined, String)
if (canRunNodes && refusal !== undefined) console.warn(`SKIPPED: the contract of machines with systemd: ${refusal}`)

class MachinesWithSystemd extends Machines {
  override async open(): Promise<void> {
    await super.open()
    this.image = await new ImageStore(DISK_ROOT).ensureBase(undefined, 'systemd')
  }
}

// The same whatever process 1 is.
describe.skipIf(!canRunNodes || refusal !== undefined)('contract', () => {
  engineContract('namespaces with systemd', () => new MachinesWithSystemd(), {
    memory: controllers.includes('memory'),
    disk: isRoot && existsSync('/dev/loop-control'),
  })
})
