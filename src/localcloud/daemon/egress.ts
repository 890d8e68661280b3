import { LocalCloudError } from '../local-error.js'
import type { NodeEngine } from '../nodes/engine.js'
import type { EgressState } from './status.js'

/** How the machines' way out is, or with `wanted` switches it. @throws LocalCloudError NoEgressSwitch */
export async function egressOf({ network }: NodeEngine, wanted?: boolean): Promise<EgressState> {
  if (!network) throw new LocalCloudError('NoEgressSwitch', 'these machines have no switch for their way out')
  const egress = await (wanted === undefined ? network.egress() : network.setEgress(wanted))
  if (!egress.wanted) return 'off'
  return egress.works ? 'on' : 'impossible'
}
