import { join } from 'node:path'
import { LocalCloudError } from './local-error.js'

/** Files of one user's local cloud. All are made by the daemon and its client, none is meant to be edited. */
export interface LocalPaths {
  readonly dir: string
  /** The cloud's state; `.1` beside it is the one before. */
  readonly state: string
  /** How to reach the running daemon, with a secret token: 0600. */
  readonly daemon: string
  /** The access key of this cloud: 0600. */
  readonly credentials: string
  readonly log: string
  /** Locked by the daemon as long as it lives. */
  readonly lock: string
  /** The port of the last run, taken again so that endpoints in people's shells stay right. */
  readonly port: string
  /** Bytes of S3 objects. */
  readonly objects: string
}

/** @param env HOME decides whose cloud it is. */
export function localPaths(env: NodeJS.ProcessEnv): LocalPaths {
  const home = env.HOME
  if (!home?.startsWith('/')) {
    throw new LocalCloudError('HomeNotSet', 'the local cloud keeps its state below $HOME, which is not set', {
      hint: 'set HOME to an absolute path',
    })
  }
  const dir = join(home, '.local/share/starcluster/local')
  return {
    dir,
    state: join(dir, 'state.json'),
    daemon: join(dir, 'daemon.json'),
    credentials: join(dir, 'credentials'),
    log: join(dir, 'daemon.log'),
    lock: join(dir, 'lock'),
    port: join(dir, 'port'),
    objects: join(dir, 'objects'),
  }
}
