import type { AwsClients } from '../aws/clients.js'
import type { RegionEntry } from '../aws/region.js'
import type { StarClusterConfig } from '../config/types.js'
import type { Logger } from '../log.js'
import type { StarClusterPaths } from '../paths.js'
import type { TestProgram } from '../rehearsal/author-tests.js'
import type { PluginLoader } from '../setup/loader.js'

/** What the acts of a cluster's life work with; made once where the program is put together. */
export interface ClusterDeps {
  readonly aws: AwsClients
  readonly region: RegionEntry
  /** The config as it is now: read again when its files changed. */
  readonly config: () => StarClusterConfig
  readonly plugins: PluginLoader
  readonly paths: StarClusterPaths
  readonly log: Logger
  /** Written into the tags of new clusters. */
  readonly version?: string
  /** How long a start waits for each step, in milliseconds; see `waitForNodes` for the defaults. */
  readonly deadlines?: Partial<StartDeadlines>
  /** Runs the test files of plugins; without it they have none. */
  readonly testProgram?: TestProgram
}

export interface StartDeadlines {
  /** For the instances to run. */
  readonly runningMs: number
  /** For a running node to show its host keys. */
  readonly hostKeysMs: number
  /** For ssh on it to answer. */
  readonly sshMs: number
  /** For a new node until it is taken for one that never will answer, where others do. */
  readonly stragglerMs: number
  /** For sshd to let us in once it answers: cloud-init writes our public key some time after sshd listens. */
  readonly refusedMs: number
}
