import { randomUUID } from 'node:crypto'
import type { Cloud, CloudResponse, ServiceHandler } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'
import { errorResponse, JSON_TYPE } from '../server/error-response.js'
import { getParameter, getParameters } from './parameters.js'

/** SSM as AWS JSON 1.1: the public parameters that name images, and nothing else of it. */
export const handleSsm: ServiceHandler = async (request, cloud) => {
  const requestId = randomUUID()
  try {
    const name = /^AmazonSSM\.(\w+)$/.exec(request.headers['x-amz-target'] ?? '')?.[1] ?? ''
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
    if (!action) {
      throw new AwsError('UnknownOperationException', `The local cloud has no action ${JSON.stringify(name)} in SSM.`)
    }
    return reply(action(inputOf(request.body), cloud), requestId)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return errorResponse('ssm', error, requestId)
  }
}

const ACTIONS: Readonly<Record<string, (input: Readonly<Record<string, unknown>>, cloud: Cloud) => object>> = {
  GetParameter: getParameter,
  GetParameters: getParameters,
}

function inputOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>
  } catch {
    // answered like any other text that is no object
  }
  throw new AwsError('SerializationException', 'The request is not a JSON object.')
}

function reply(result: object, requestId: string): CloudResponse {
  const headers = { 'content-type': JSON_TYPE, 'x-amzn-requestid': requestId }
  return { status: 200, headers, body: JSON.stringify(result) }
}
