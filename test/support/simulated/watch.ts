import type { ServiceHandler } from '../../../src/localcloud/cloud.js'

/** What a command asks of the simulated cloud: an API call, or a command on one of its machines. */
export interface Asked {
  readonly kind: 'api' | 'ssh'
  /** Name of the API's action; of a remote command its first words, of a script its steps. */
  readonly what: string
  /** Instance id of the machine. */
  readonly machine?: string
  /** HTTP status of an API call's answer; afterwards. */
  readonly status?: number
}

/** Called right before and right after the cloud does something. While it is not resolved, there is no answer. */
export type Watch = (when: 'before' | 'after', asked: Asked) => Promise<void> | void

/** A service of the cloud, watched. */
export function watchedService(handler: ServiceHandler, watch: Watch): ServiceHandler {
  return async (request, cloud) => {
    const what = /(?:^|&)Action=(\w+)/.exec(Buffer.from(request.body).toString('latin1'))?.[1] ?? request.method
    await watch('before', { kind: 'api', what })
    const answer = await handler(request, cloud)
    await watch('after', { kind: 'api', what, status: answer.status })
    return answer
  }
}
