import {
  clearFaults,
  FAULT_KINDS,
  type Fault,
  faultText,
  injectFault,
  listFaults,
} from '../../localcloud/control-faults.js'
import type { CliContext } from '../context.js'

export interface InjectFlags {
  type?: string
  zone?: string
  times?: number
  ms?: number
  instance?: string
  percent?: number
}

/** `local inject KIND`, `local inject list` and `local inject clear [KIND]`. */
export async function inject(cli: CliContext, word: string, which: string | undefined, flags: InjectFlags) {
  if (word === 'list') return show(cli, await listFaults(cli.env, cli.signal))
  if (word === 'clear') return show(cli, await clearFaults(cli.env, which, cli.signal))
  show(cli, await injectFault(cli.env, { kind: word, ...flags } as Fault, cli.signal))
}

function show(cli: CliContext, faults: readonly Fault[]): void {
  const lines = faults.map((fault) => `${faultText(fault)}: ${FAULT_KINDS[fault.kind].does}`)
  cli.print(lines.length > 0 ? lines.join('\n') : 'Nothing is injected.')
}
