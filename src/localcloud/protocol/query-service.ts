import { randomUUID } from 'node:crypto'
import type { Cloud, CloudRequest, CloudResponse, ServiceHandler } from '../cloud.js'
import { AwsError } from './aws-error.js'
import { decodeStruct } from './decode.js'
import { encodeMembers, escapeXml } from './encode.js'
import { formTree } from './form.js'
import { type Dialect, type OperationSchema, type OperationShapes, operationShapes } from './shape.js'

/** One action: the SDK's schema of it and a function from the SDK's request type to its result type. */
export interface QueryAction {
  readonly operation: OperationSchema
  /** Runs to completion without waiting where it changes state, so that requests never see half a change. */
  run(input: never, cloud: Cloud): object | undefined | Promise<object | undefined>
  /** True when it may change state: then the answer waits for the disk. */
  readonly writes: boolean
}

export interface QueryServiceOptions {
  readonly dialect: Dialect
  readonly xmlns: string
  readonly actions: Readonly<Record<string, QueryAction>>
  /** Before each known action, e.g. to forget what has expired. -> the cloud as the action is to see it */
  before?(cloud: Cloud, action: string, input: object): Cloud
  /** After an action that writes, once its changes are on disk; the answer waits for it. */
  afterCommit?(cloud: Cloud): void | Promise<void>
}

/** A service that speaks AWS's Query protocol: form in, XML out. Shapes are worked out at an action's first use. */
export function createQueryService(options: QueryServiceOptions): ServiceHandler {
  const shapes = new Map<string, OperationShapes>()
  const shapesOf = (name: string, action: QueryAction) => {
    let known = shapes.get(name)
    if (!known) shapes.set(name, (known = operationShapes(action.operation, options.dialect)))
    return known
  }
  return async (request, cloud) => {
    const requestId = randomUUID()
    try {
      const form = requestForm(request)
      const name = form.get('Action')
      if (!name) throw new AwsError('MissingAction', 'The request must contain the parameter Action')
      const action = Object.hasOwn(options.actions, name) ? options.actions[name] : undefined
      if (!action) throw new AwsError('InvalidAction', `The action ${name} is not valid for this web service.`)
      const { input, output } = shapesOf(name, action)
      const given = decodeStruct(input, formTree(form)) as never
      const seen = options.before?.(cloud, name, given) ?? cloud
      const result = await action.run(given, seen)
      if (action.writes) {
        await cloud.commit()
        await options.afterCommit?.(cloud)
      }
      const members = output ? encodeMembers(output, result ?? {}) : undefined
      return reply(200, success(options, name, members, requestId), requestId)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      return reply(error.status, failure(options, error, requestId), requestId)
    }
  }
}

function requestForm(request: CloudRequest): URLSearchParams {
  const body = Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength).toString('utf8')
  if (body === '') return request.query
  const form = new URLSearchParams(body)
  for (const [name, value] of request.query) if (!form.has(name)) form.append(name, value)
  return form
}

/** Sources: the SDK's own readers, `ec2QueryResponse` and `xmlNamespace` of smithy's aws.protocols. */
function success(options: QueryServiceOptions, name: string, members: string | undefined, requestId: string): string {
  const open = `<${name}Response xmlns="${options.xmlns}">`
  if (options.dialect === 'ec2') {
    return `${open}<requestId>${requestId}</requestId>${members ?? '<return>true</return>'}</${name}Response>`
  }
  const result = members === undefined ? '' : `<${name}Result>${members}</${name}Result>`
  return `${open}${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`
}

function failure(options: QueryServiceOptions, error: AwsError, requestId: string): string {
  const what = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`
  if (options.dialect === 'ec2') {
    return `<Response><Errors><Error>${what}</Error></Errors><RequestID>${requestId}</RequestID></Response>`
  }
  const type = error.status >= 500 ? 'Receiver' : 'Sender'
  return (
    `<ErrorResponse xmlns="${options.xmlns}"><Error><Type>${type}</Type>${what}</Error>` +
    `<RequestId>${requestId}</RequestId></ErrorResponse>`
  )
}

function reply(status: number, xml: string, requestId: string): CloudResponse {
  const headers = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId }
  return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${xml}` }
}
