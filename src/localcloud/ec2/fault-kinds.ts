import { LocalCloudError } from '../local-error.js'

/**
 * What goes wrong on demand. Times are milliseconds. `times` says how many launches or boots it hits before it is used
 * up; without it, it lasts until it is cleared or the daemon ends.
 */
export type Fault =
  | { kind: 'capacity'; type?: string; zone?: string; times?: number }
  | { kind: 'throttle' }
  | { kind: 'visibility'; ms: number }
  | { kind: 'slow-boot'; ms: number; times?: number }
  | { kind: 'boot-failure'; times?: number }
  | { kind: 'no-ssh'; times?: number }
  | { kind: 'crash'; ms?: number; times?: number }
  | { kind: 'spot-interruption'; instance?: string; ms?: number }
  | { kind: 'packet-loss'; percent: number }
  | { kind: 'delay'; ms: number }
  | { kind: 'full-disk'; instance?: string }

export type FaultKind = Fault['kind']

/** A kind, what it does, and the settings it takes; for `local inject` and its help. */
export const FAULT_KINDS: Readonly<Record<FaultKind, { does: string; takes: readonly string[]; needs?: string }>> = {
  capacity: {
    does: 'launches are refused with InsufficientInstanceCapacity, of one type and in one zone if these are given',
    takes: ['type', 'zone', 'times'],
  },
  throttle: { does: "EC2's documented request limits: RequestLimitExceeded beyond them", takes: [] },
  visibility: { does: 'what was just made is not known for so long', takes: ['ms'], needs: 'ms' },
  'slow-boot': { does: 'machines stay pending for so long before they boot', takes: ['ms', 'times'], needs: 'ms' },
  'boot-failure': { does: 'machines do not boot', takes: ['times'] },
  'no-ssh': { does: 'machines run, but nothing answers at their ssh port', takes: ['times'] },
  crash: { does: 'machines end by themselves after they booted, so long after', takes: ['ms', 'times'] },
  'spot-interruption': {
    does: 'spot instances are told that they end, two minutes or so long before they do',
    takes: ['instance', 'ms'],
  },
  'packet-loss': { does: 'of the packets between machines so many are lost', takes: ['percent'], needs: 'percent' },
  delay: { does: 'packets to machines take so long', takes: ['ms'], needs: 'ms' },
  'full-disk': { does: 'disks of machines are full', takes: ['instance'] },
}

/** A fault as it came from outside. @throws LocalCloudError InvalidFault saying what is right */
export function parseFault(value: unknown): Fault {
  const given = (value !== null && typeof value === 'object' ? value : {}) as Record<string, unknown>
  const { kind, ...settings } = given
  if (typeof kind !== 'string' || !Object.hasOwn(FAULT_KINDS, kind)) {
    throw invalid(`there is no fault ${JSON.stringify(kind)}`, `kinds: ${Object.keys(FAULT_KINDS).join(', ')}`)
  }
  const { takes, needs } = FAULT_KINDS[kind as FaultKind]
  const all = takes.length > 0 ? `it takes ${takes.join(', ')}` : 'it takes no settings'
  const fault: Record<string, unknown> = { kind }
  for (const [name, setting] of Object.entries(settings)) {
    if (setting === undefined) continue
    if (!takes.includes(name)) throw invalid(`the fault ${kind} has no setting ${JSON.stringify(name)}`, all)
    if (!isRight(name, setting)) throw invalid(`${name} of the fault ${kind} cannot be ${JSON.stringify(setting)}`, all)
    fault[name] = setting
  }
  if (needs && fault[needs] === undefined)
    throw invalid(`the fault ${kind} needs ${needs}`, `for example --${needs} ${needs === 'percent' ? 10 : 2000}`)
  return fault as Fault
}

/** A fault on one line, e.g. `capacity type=t3.small times=1`. */
export function faultText({ kind, ...settings }: Fault): string {
  return [kind, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)].join(' ')
}

function isRight(name: string, value: unknown): boolean {
  if (name === 'ms' || name === 'times') return Number.isSafeInteger(value) && (value as number) >= 1
  if (name === 'percent') return typeof value === 'number' && value >= 0.01 && value <= 100
  return typeof value === 'string' && value !== ''
}

const invalid = (message: string, hint: string) => new LocalCloudError('InvalidFault', message, { hint })
