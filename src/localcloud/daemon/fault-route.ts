import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault, FaultKind } from '../ec2/index.js'
import { reason } from '../local-error.js'
import { readBody } from '../server/body.js'

/** The faults of the daemon's cloud. */
export interface ControlledFaults {
  inject(fault: Fault): void
  list(): Fault[]
  clear(kind?: FaultKind): void
}

/** GET tells what is injected, POST injects one more, DELETE clears one kind or all. Each answers with what then is. */
export async function faultRoute(
  request: IncomingMessage,
  response: ServerResponse,
  faults: ControlledFaults,
): Promise<boolean> {
  const answer = (status: number, value: object) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  try {
    if (request.method === 'POST') faults.inject((await json(request)) as Fault)
    else if (request.method === 'DELETE') faults.clear((await json(request)).kind as FaultKind | undefined)
    else if (request.method !== 'GET') return false
    answer(200, faults.list())
  } catch (error) {
    answer(400, { message: reason(error) })
  }
  return true
}

async function json(request: IncomingMessage): Promise<{ kind?: unknown }> {
  const text = (await readBody(request, 65_536)).toString('utf8')
  return text === '' ? {} : JSON.parse(text)
}
