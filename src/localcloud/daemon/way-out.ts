import { access, constants } from 'node:fs/promises'

export const TUN = '/dev/net/tun'

/** Whether machines can be given a way to the network of this computer. */
export async function canReachOut(): Promise<boolean> {
  return access(TUN, constants.R_OK | constants.W_OK)
    .then(() => true)
    .catch(() => false)
}

export const NO_WAY_OUT = `${TUN} cannot be opened: machines reach each other but nothing else (no apt-get install); starcluster local doctor says how to mend it`

export const CLOSED =
  'machines reach each other but nothing else (no apt-get install), as was asked; "starcluster local egress on" opens the way'
