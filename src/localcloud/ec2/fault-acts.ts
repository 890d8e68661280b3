import type { Cloud } from '../cloud.js'
import { LocalCloudError } from '../local-error.js'
import type { Links } from '../nodes/node-network.js'
import type { FaultAct, FaultActs } from './faults.js'
import { own } from './resource-ids.js'
import { spotInterruptions } from './spot/interrupt.js'

/** Kinds of faults that do something at once, in this cloud. */
export function faultActs(cloud: Cloud): FaultActs {
  let links: Links = {}
  const set = async (change: Links) => {
    const { network } = cloud.engine
    if (!network) throw cannot('change the network between them')
    const wanted = { ...links, ...change }
    await network.setLinks(wanted)
    links = wanted
  }
  return {
    'spot-interruption': spotInterruptions(cloud),
    'packet-loss': {
      begin: ({ percent }) => set({ lossPercent: percent }),
      end: () => set({ lossPercent: 0 }),
    },
    delay: { begin: ({ ms }) => set({ delayMs: ms }), end: () => set({ delayMs: 0 }) },
    'full-disk': fullDisks(cloud),
  }
}

function fullDisks(cloud: Cloud): FaultAct<'full-disk'> {
  const running = () => Object.values(cloud.state.ec2.instances).filter(({ state }) => state === 'running')
  return {
    async begin({ instance }) {
      const { fullDisk } = cloud.engine
      if (!fullDisk) throw cannot('fill their disks')
      const ids = running().flatMap(({ id }) => (instance === undefined || id === instance ? [id] : []))
      if (ids.length === 0) {
        const what = instance === undefined ? 'no instance runs' : `${instance} is no instance that runs`
        throw new LocalCloudError('NoSuchInstance', what, { hint: 'starcluster listclusters shows them' })
      }
      try {
        for (const id of ids) await fullDisk.fill(id)
      } catch (error) {
        for (const id of ids) await fullDisk.free(id)
        throw error
      }
    },
    async end({ instance }) {
      const ids = instance === undefined ? running().map(({ id }) => id) : [instance]
      for (const id of ids) if (own(cloud.state.ec2.instances, id)) await cloud.engine.fullDisk?.free(id)
    },
  }
}

const cannot = (what: string) =>
  new LocalCloudError('FaultNotPossible', `these machines are made in a way that cannot ${what}`)
