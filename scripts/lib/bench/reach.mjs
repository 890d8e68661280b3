import { join } from 'node:path'
import { program, run } from './measure.mjs'

/** Options of OpenSSH with which other programs reach local nodes. */
export const plainOptions = [
  'StrictHostKeyChecking=no',
  'UserKnownHostsFile=/dev/null',
  'LogLevel=ERROR',
  'IdentitiesOnly=yes',
]

/** Where the nodes of a local cluster are, and how other programs log in there. */
export async function reach(tag, env) {
  const listing = run(process.execPath, [program, 'ssh-config', tag], env)
  const all = (name) => Array.from(listing.matchAll(new RegExp(`^  ${name} (.*)$`, 'gm')), ([, value]) => value)
  return {
    addresses: all('HostName'),
    port: all('Port')[0],
    key: join(env.HOME, '.starcluster/keys/local/starcluster.pem'),
    options: plainOptions.map((option) => `-o ${option}`).join(' '),
  }
}
