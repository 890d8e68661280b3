import * as sdk from '@aws-sdk/client-ec2'
import {
  AssumeRole$,
  AssumeRoleCommand,
  GetCallerIdentity$,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeStruct } from '../../../src/localcloud/protocol/decode.js'
import { encodeMembers } from '../../../src/localcloud/protocol/encode.js'
import { formTree } from '../../../src/localcloud/protocol/form.js'
import {
  type Dialect,
  type OperationSchema,
  operationShapes,
  type Shape,
  type StructShape,
} from '../../../src/localcloud/protocol/shape.js'

type Client = { send(command: unknown): Promise<object> }
type Command = new (input: object) => unknown

const operations = Object.entries(sdk).filter(
  ([name, value]) => Array.isArray(value) && value[0] === 9 && name.endsWith('$'),
) as unknown as [string, OperationSchema][]

/** Every member present, lists of two; a structure inside itself is left out. */
function sample(shape: Shape, within: readonly Shape[] = [], salt = ''): unknown {
  if (shape.kind === 'struct') {
    if (within.includes(shape)) return undefined
    const members = shape.members.map((m) => [m.name, sample(m.shape, [...within, shape], m.name)] as const)
    return Object.fromEntries(members.filter(([, value]) => value !== undefined))
  }
  if (shape.kind === 'list') {
    const items = [sample(shape.item, within, `${salt}1`), sample(shape.item, within, `${salt}2`)]
    return items[0] === undefined ? undefined : items
  }
  const scalars = {
    string: `${salt} <&"'> é`,
    integer: 7,
    boolean: true,
    timestamp: new Date('2026-11-22T10:11:12.000Z'),
    blob: new Uint8Array([0, 255, 7]),
  }
  return scalars[shape.type]
}

/** Sends what the SDK makes of `input` through our reader, and what our writer makes of `output` through the SDK's. */
async function roundTrip(
  dialect: Dialect,
  operation: OperationSchema,
  input: object,
  output: object,
  makeClient: (handler: object) => Client,
  CommandClass: Command,
): Promise<{ decoded: object; answered: object }> {
  const shapes = operationShapes(operation, dialect)
  let decoded: object = {}
  const handle = async (request: { body?: string }) => {
    decoded = decodeStruct(shapes.input, formTree(new URLSearchParams(request.body)))
    const members = shapes.output ? encodeMembers(shapes.output, output) : ''
    const name = operation[2]
    const inner = dialect === 'ec2' ? members : `<${name}Result>${members}</${name}Result>`
    const body = Buffer.from(`<?xml version="1.0"?><${name}Response>${inner}</${name}Response>`)
    return { response: { statusCode: 200, headers: {}, body } }
  }
  const answer = await makeClient({ handle }).send(new CommandClass(input))
  const { $metadata: _metadata, ...answered } = answer as { $metadata?: unknown }
  return { decoded, answered }
}

const settings = (requestHandler: object) => ({
  region: 'local',
  endpoint: 'http://localhost',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  requestHandler: requestHandler as never,
})
const ec2 = (handler: object) => new sdk.EC2Client(settings(handler)) as unknown as Client
const sts = (handler: object) => new STSClient(settings(handler)) as unknown as Client
const commandOf = (operation: OperationSchema) =>
  (sdk as unknown as Record<string, Command>)[`${operation[2]}Command`] as Command

test('every operation of EC2 survives the way from the SDK to us and back', { timeout: 180_000 }, async () => {
  expect(operations.length).toBeGreaterThan(700)
  for (const [name, operation] of operations) {
    const shapes = operationShapes(operation, 'ec2')
    const input = sample(shapes.input) as object
    const output = shapes.output ? (sample(shapes.output) as object) : {}
    const CommandClass = commandOf(operation)
    const { decoded, answered } = await roundTrip('ec2', operation, input, output, ec2, CommandClass)
    expect(decoded, `${name} request`).toEqual(input)
    expect(answered, `${name} answer`).toEqual(output)
  }
})

test('the common Query dialect, as STS speaks it, survives too', async () => {
  for (const [operation, CommandClass] of [
    [GetCallerIdentity$, GetCallerIdentityCommand],
    [AssumeRole$, AssumeRoleCommand],
  ] as unknown as [OperationSchema, Command][]) {
    const shapes = operationShapes(operation, 'query')
    const input = sample(shapes.input) as object
    const output = sample(shapes.output as StructShape) as object
    const { decoded, answered } = await roundTrip('query', operation, input, output, sts, CommandClass)
    expect(decoded).toEqual(input)
    expect(answered).toEqual(output)
  }
})

// The SDK reads text of nothing but white space with a line break in it as empty, whoever wrote it.
const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((t) => t.trim() !== '' || !t.includes('\n'))

function arbitrary(shape: Shape, within: readonly Shape[] = []): fc.Arbitrary<unknown> | undefined {
  if (shape.kind === 'struct') {
    if (within.includes(shape) || within.length > 6) return undefined
    const members = shape.members
      .map((m) => [m.name, arbitrary(m.shape, [...within, shape])] as const)
      .filter(([, value]) => value !== undefined)
    return fc.record(Object.fromEntries(members) as Record<string, fc.Arbitrary<unknown>>)
  }
  if (shape.kind === 'list') {
    const item = arbitrary(shape.item, within)
    return item && fc.array(item, { minLength: 1, maxLength: 3 })
  }
  return {
    string: text,
    integer: fc.integer(),
    boolean: fc.boolean(),
    timestamp: fc.integer({ min: 0, max: 4e9 }).map((seconds) => new Date(seconds * 1000)),
    blob: fc.uint8Array({ maxLength: 9 }),
  }[shape.type] as fc.Arbitrary<unknown>
}

test.each(['CreateTags', 'ImportKeyPair', 'AuthorizeSecurityGroupIngress', 'DescribeSecurityGroups'])(
  'any text, number and time in %s arrives unchanged',
  { timeout: 180_000 },
  async (name) => {
    const operation = (sdk as unknown as Record<string, OperationSchema>)[`${name}$`] as OperationSchema
    const shapes = operationShapes(operation, 'ec2')
    const inputs = arbitrary(shapes.input) as fc.Arbitrary<object>
    const outputs = (shapes.output ? arbitrary(shapes.output) : fc.constant({})) as fc.Arbitrary<object>
    await fc.assert(
      fc.asyncProperty(inputs, outputs, async (input, output) => {
        const { decoded, answered } = await roundTrip('ec2', operation, input, output, ec2, commandOf(operation))
        expect(decoded).toEqual(input)
        expect(answered).toEqual(output)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  },
)
