import { existsSync } from 'node:fs'
import type { EC2 } from '@aws-sdk/client-ec2'
import { describeOwnKeyPairs } from '../aws/key-pairs.js'
import type { Leftover } from './leftover.js'

interface Uses {
  /** Names of the key pairs that clusters were started with. */
  readonly used: ReadonlySet<string>
  /** Where this computer keeps the private half of a pair that it made. */
  readonly file: (keyname: string) => string
}

/**
 * Key pairs that StarCluster made, which no cluster was started with, and whose private half is not on this computer. One
 * whose private half is here opens the next cluster. A computer that still has it imports the pair again when it needs it.
 */
export async function leftKeyPairs(ec2: EC2, { used, file }: Uses, signal?: AbortSignal): Promise<Leftover[]> {
  const made = await describeOwnKeyPairs(ec2, signal)
  return made
    .filter((name) => !used.has(name) && !existsSync(file(name)))
    .map((id) => ({ kind: 'key pair', id, why: 'no cluster uses it, and its private key is not on this computer' }))
}
