import type { Field, Fields } from './fields.js'

/** The part of JSON Schema (draft 2020-12) that our shapes need. */
export interface JsonSchema {
  readonly type: string | readonly string[]
  readonly description?: string
  readonly format?: string
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
}

/** The schema of one item with these facts. All keys are required, so that a program need not ask for each. */
export function objectSchema(fields: Fields<never>): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, valueSchema(field)])),
    required: Object.keys(fields),
    additionalProperties: false,
  }
}

/** The schema of a listing: what `--json` prints. */
export function listSchema<T>(fields: Fields<T>): JsonSchema {
  return { type: 'array', items: objectSchema(fields as Fields<never>) }
}

function valueSchema({ type, doc: description, fields }: Field<never>): JsonSchema {
  switch (type) {
    case 'time':
      return { type: ['string', 'null'], format: 'date-time', description }
    case 'number':
    case 'gib':
    case 'dollars':
      return { type: ['number', 'null'], description }
    case 'boolean':
      return { type: ['boolean', 'null'], description }
    case 'strings':
      return { type: 'array', items: { type: 'string' }, description }
    case 'tags':
      return { type: 'object', additionalProperties: { type: 'string' }, description }
    case 'list':
      return { type: 'array', items: objectSchema(fields ?? {}), description }
    default:
      return { type: ['string', 'null'], description }
  }
}
