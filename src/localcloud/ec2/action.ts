import type { Cloud } from '../cloud.js'
import type { QueryAction } from '../protocol/query-service.js'
import type { OperationSchema } from '../protocol/shape.js'

type Run = (input: never, cloud: Cloud) => object | undefined | Promise<object | undefined>

export function reads(operation: unknown, run: Run): QueryAction {
  return { operation: operation as OperationSchema, run, writes: false }
}

export function writes(operation: unknown, run: Run): QueryAction {
  return { operation: operation as OperationSchema, run, writes: true }
}
