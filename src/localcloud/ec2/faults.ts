import type { Cloud } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'
import { type Fault, type FaultKind, parseFault } from './fault-kinds.js'

type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>

/** The faults injected into a cloud; in memory only. A second one of a kind replaces the first, except `capacity`. */
export class Faults {
  private all: Fault[] = []

  inject(fault: Fault): void {
    const checked = parseFault(fault)
    this.all = this.all.filter((known) => !sameKind(known, checked))
    this.all.push(checked)
  }

  list(): Fault[] {
    return this.all.map((fault) => ({ ...fault }))
  }

  clear(kind?: FaultKind): void {
    this.all = kind === undefined ? [] : this.all.filter((fault) => fault.kind !== kind)
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

/** Capacity may lack in several places. */
function sameKind(one: Fault, other: Fault): boolean {
  if (one.kind !== 'capacity' || other.kind !== 'capacity') return one.kind === other.kind
  return one.type === other.type && one.zone === other.zone
}

const faults = new WeakMap<Cloud, Faults>()

/** The faults of a cloud. */
export function faultsOf(cloud: Cloud): Faults {
  let known = faults.get(cloud)
  if (!known) faults.set(cloud, (known = new Faults()))
  return known
}

/** @throws AwsError InsufficientInstanceCapacity, status 500 as on EC2, so that the SDK tries again */
export function refuseForCapacity(cloud: Cloud, instanceType: string, zone: string): void {
  const here = ({ type = instanceType, zone: where = zone }: FaultOf<'capacity'>) =>
    type === instanceType && where === zone
  if (!faultsOf(cloud).hit('capacity', here)) return
  const message =
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). ` +
    'Our system will be working on provisioning additional capacity.'
  throw new AwsError('InsufficientInstanceCapacity', message, 500)
}
