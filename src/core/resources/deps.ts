import type { AwsClients } from '../aws/clients.js'
import type { Logger } from '../log.js'

/** What acts on single resources of a region work with. */
export interface ResourceDeps {
  readonly aws: AwsClients
  readonly log: Logger
}

/** Every act can be ended. */
export interface Asking {
  readonly signal?: AbortSignal | undefined
}
