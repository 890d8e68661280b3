import { NormalizedSchema } from '@smithy/core/schema'

/**
 * What one operation of the SDK looks like on the wire, worked out once from the schema the SDK exports for it, so
 * that a request costs no schema look-ups. The schemas are not a documented interface: the SDK is pinned exactly.
 */
export type Shape = StructShape | ListShape | ScalarShape

export interface StructShape {
  readonly kind: 'struct'
  readonly members: Member[]
  readonly byQueryName: Map<string, Member>
}

export interface ListShape {
  readonly kind: 'list'
  readonly item: Shape
  /** Tag of an element: `item` in EC2, `member` in the common Query dialect. */
  readonly itemTag: string
  /** That tag, opened and closed. */
  readonly open: string
  readonly close: string
  /** True when elements follow each other without a tag around them. */
  readonly flattened: boolean
}

export interface ScalarShape {
  readonly kind: 'scalar'
  readonly type: 'string' | 'integer' | 'boolean' | 'timestamp' | 'blob'
}

interface Member {
  /** Name in the SDK's types. */
  readonly name: string
  readonly queryName: string
  /** Tag in an answer, opened and closed. */
  readonly open: string
  readonly close: string
  readonly required: boolean
  readonly shape: Shape
}

/** `ec2`: Amazon EC2's own rules of naming. `query`: those of STS, IAM, CloudFormation and others. */
export type Dialect = 'ec2' | 'query'

/** An operation's schema as the SDK exports it: `DescribeInstances$` and so on. */
export type OperationSchema = readonly [9, string, string, unknown, unknown, unknown]

export interface OperationShapes {
  readonly name: string
  readonly input: StructShape
  /** undefined: the operation answers with nothing. */
  readonly output: StructShape | undefined
}

export function operationShapes(operation: OperationSchema, dialect: Dialect): OperationShapes {
  const seen = new Map<unknown, StructShape>()
  const [, , name, , input, output] = operation
  return {
    name,
    input: structShape(normalized(input), dialect, seen) ?? emptyStruct(),
    output: structShape(normalized(output), dialect, seen),
  }
}

const normalized = (schema: unknown) => NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0])
const emptyStruct = (): StructShape => ({ kind: 'struct', members: [], byQueryName: new Map() })

function structShape(schema: NormalizedSchema, dialect: Dialect, seen: Map<unknown, StructShape>) {
  if (schema.isUnitSchema() || !schema.isStructSchema()) return undefined
  const shape = shapeOf(schema, dialect, seen)
  return shape.kind === 'struct' ? shape : undefined
}

function shapeOf(schema: NormalizedSchema, dialect: Dialect, seen: Map<unknown, StructShape>): Shape {
  if (schema.isStructSchema()) {
    const key = schema.getSchema()
    const known = seen.get(key)
    if (known) return known
    const shape = emptyStruct()
    seen.set(key, shape) // before its members: some structures hold themselves
    addMembers(shape, schema, dialect, seen)
    return shape
  }
  if (schema.isListSchema()) {
    const value = schema.getValueSchema()
    const itemTag = value.getMergedTraits().xmlName ?? 'member'
    const flattened = Boolean(schema.getMergedTraits().xmlFlattened)
    const item = shapeOf(value, dialect, seen)
    return { kind: 'list', item, itemTag, open: `<${itemTag}>`, close: `</${itemTag}>`, flattened }
  }
  return { kind: 'scalar', type: scalarType(schema) }
}

function addMembers(shape: StructShape, schema: NormalizedSchema, dialect: Dialect, seen: Map<unknown, StructShape>) {
  const required = Number((schema.getSchema() as unknown as unknown[])[6] ?? 0)
  for (const [name, member] of schema.structIterator()) {
    const { ec2QueryName, xmlName } = member.getMergedTraits() as { ec2QueryName?: string; xmlName?: string }
    const queryName = dialect === 'ec2' ? (ec2QueryName ?? capital(xmlName ?? name)) : (xmlName ?? name)
    const made = {
      name,
      queryName,
      open: `<${xmlName ?? name}>`,
      close: `</${xmlName ?? name}>`,
      required: shape.members.length < required, // required members come first in the SDK's schemas
      shape: shapeOf(member, dialect, seen),
    }
    shape.members.push(made)
    shape.byQueryName.set(queryName, made)
  }
}

function scalarType(schema: NormalizedSchema): ScalarShape['type'] {
  if (schema.isNumericSchema()) return 'integer'
  if (schema.isBooleanSchema()) return 'boolean'
  if (schema.isTimestampSchema()) return 'timestamp'
  return schema.isBlobSchema() ? 'blob' : 'string'
}

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
