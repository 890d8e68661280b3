import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault, FaultKind } from '../ec2/index.js'
import { LocalCloudError, reason } from '../local-error.js'
import { readBody } from '../server/body.js'
import type { FaultsAnswer } from './status.js'

/** The faults of the daemon's cloud. */
export interface ControlledFaults {
  inject(fault: Fault): Promise<void>
  list(): Fault[]
  clear(kind?: FaultKind): Promise<void>
}

/** GET tells what is injected, POST injects one more, DELETE clears one kind or all. Each answers with what then is. */
export async function faultRoute(
  request: IncomingMessage,
  response: ServerResponse,
  faults: ControlledFaults,
): Promise<boolean> {
  const answer = (value: FaultsAnswer) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  try {
    if (request.method === 'POST') await faults.inject((await json(request)) as Fault)
    else if (request.method === 'DELETE') await faults.clear((await json(request)).kind as FaultKind | undefined)
    else if (request.method !== 'GET') return false
    answer(faults.list())
  } catch (error) {
    const { code = 'FaultFailed', hint } = error instanceof LocalCloudError ? error : {}
    answer({ error: { code, message: reason(error), ...(hint === undefined ? {} : { hint }) } })
  }
  return true
}

async function json(request: IncomingMessage): Promise<{ kind?: unknown }> {
  const text = (await readBody(request, 65_536)).toString('utf8')
  return text === '' ? {} : JSON.parse(text)
}
