import type { Cloud } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'
import { type Fault, type FaultKind, parseFault } from './fault-kinds.js'

export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>

/** What a fault does when it is injected, for kinds that do not wait for something to happen. */
export interface FaultAct<Kind extends FaultKind = FaultKind> {
  /** @param over ends it by itself. @throws LocalCloudError when it cannot be here */
  begin(fault: FaultOf<Kind>, over: () => void): Promise<void>
  end(fault: FaultOf<Kind>): Promise<void>
}

export type FaultActs = { readonly [Kind in FaultKind]?: FaultAct<Kind> }

/**
 * The faults injected into a cloud; in memory only. A second one of a kind replaces the first, except those that are about
 * one place or instance.
 */
export class Faults {
  private all: Fault[] = []
  private acts: FaultActs = {}

  /** To be called once, before the first fault. */
  act(acts: FaultActs): void {
    this.acts = acts
  }

  /** Resolves when it is in force. @throws LocalCloudError InvalidFault at once */
  inject(fault: Fault): Promise<void> {
    const checked = parseFault(fault)
    const act = this.acts[checked.kind] as FaultAct | undefined
    if (act) return this.begin(checked, act)
    this.keep(checked)
    return Promise.resolve()
  }

  private async begin(fault: Fault, act: FaultAct): Promise<void> {
    await act.begin(fault as never, () => {
      this.all = this.all.filter((one) => one !== fault)
    })
    this.keep(fault)
  }

  private keep(fault: Fault): void {
    this.all = [...this.all.filter((known) => !sameKind(known, fault)), fault]
  }

  list(): Fault[] {
    return this.all.map((fault) => ({ ...fault }))
  }

  /** Resolves when none of them is in force any more; they are not listed from now on. */
  async clear(kind?: FaultKind): Promise<void> {
    const gone = this.all.filter((fault) => kind === undefined || fault.kind === kind)
    this.all = this.all.filter((fault) => !gone.includes(fault))
    for (const fault of gone) await (this.acts[fault.kind] as FaultAct | undefined)?.end(fault as never)
  }

  get<Kind extends FaultKind>(kind: Kind): FaultOf<Kind> | undefined {
    return this.all.find((fault): fault is FaultOf<Kind> => fault.kind === kind)
  }

  /** The fault that hits now, one of its `times` used up. */
  hit<Kind extends FaultKind>(kind: Kind, matches: (fault: FaultOf<Kind>) => boolean = () => true) {
    const hits = (fault: Fault): fault is FaultOf<Kind> => fault.kind === kind && matches(fault as FaultOf<Kind>)
    const fault = this.all.find(hits)
    if (fault && 'times' in fault && fault.times !== undefined && --fault.times <= 0) {
      this.all = this.all.filter((one) => one !== fault)
    }
    return fault
  }
}

/** Capacity may lack in several places, and something happen to several instances. */
function sameKind(one: Fault, other: Fault): boolean {
  const place = (fault: Fault) => JSON.stringify(['type', 'zone', 'instance'].map((name) => fault[name as never] ?? ''))
  return one.kind === other.kind && place(one) === place(other)
}

const faults = new WeakMap<Cloud, Faults>()

/** The faults of a cloud. */
export function faultsOf(cloud: Cloud): Faults {
  let known = faults.get(cloud)
  if (!known) faults.set(cloud, (known = new Faults()))
  return known
}

/** @throws AwsError InsufficientInstanceCapacity, status 500 as on EC2, so that the SDK tries again */
export function refuseForCapacity(
  cloud: Cloud,
  instanceType: string,
  zone: string,
  market: 'on-demand' | 'spot' = 'on-demand',
): void {
  const here = ({ type = instanceType, zone: where = zone }: FaultOf<'capacity'>) =>
    type === instanceType && where === zone
  if (!faultsOf(cloud).hit('capacity', here)) return
  // Source: github.com/cortexlabs/cortex/issues/1258, EC2's answer quoted there.
  const spot = 'There is no Spot capacity available that matches your request.'
  if (market === 'spot') throw new AwsError('InsufficientInstanceCapacity', spot, 500)
  const message =
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). ` +
    'Our system will be working on provisioning additional capacity.'
  throw new AwsError('InsufficientInstanceCapacity', message, 500)
}
