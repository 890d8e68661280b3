import { type EgressState, egressState, setEgress } from '../../localcloud/control-egress.js'
import type { CliContext } from '../context.js'

/** `local egress [on|off]`. */
export async function egress(cli: CliContext, way: 'on' | 'off' | undefined): Promise<void> {
  const state =
    way === undefined ? await egressState(cli.env, cli.signal) : await setEgress(cli.env, way === 'on', cli.signal)
  cli.print(state ? EGRESS_TEXT[state] : 'The local cloud is not running. It starts when a command needs it.')
}

export const EGRESS_TEXT: Readonly<Record<EgressState, string>> = {
  on: 'on: machines reach what this computer reaches, but not this computer itself',
  off: 'off: machines reach each other and nothing else (no apt-get install); "starcluster local egress on" opens it',
  impossible: 'on, but this computer cannot give it: "starcluster local doctor" says what is missing',
}
