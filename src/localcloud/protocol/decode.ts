import { AwsError, invalidValue, missingParameter } from './aws-error.js'
import type { FormNode } from './form.js'
import type { ListShape, ScalarShape, Shape, StructShape } from './shape.js'

/**
 * A Query request's parameters as the SDK's request type.
 *
 * @throws AwsError UnknownParameter, MissingParameter, InvalidParameterValue, naming the parameter as it was sent
 */
export function decodeStruct(shape: StructShape, node: FormNode, path = ''): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, child] of node.children ?? []) {
    const at = path + name
    const member = shape.byQueryName.get(name)
    if (!member) throw unknownParameter(at)
    result[member.name] = decode(member.shape, child, at)
  }
  for (const member of shape.members) {
    if (!member.required) continue
    const value = result[member.name]
    if (value === undefined || (Array.isArray(value) && value.length === 0))
      throw missingParameter(path + member.queryName)
  }
  return result
}

function decode(shape: Shape, node: FormNode, path: string): unknown {
  if (shape.kind === 'struct') {
    if (node.value !== undefined && node.value !== '') throw unknownParameter(path)
    return decodeStruct(shape, node, `${path}.`)
  }
  if (shape.kind === 'list') return decodeList(shape, node, path)
  if (node.children) throw unknownParameter(`${path}.${node.children.keys().next().value}`)
  return decodeScalar(shape.type, node.value ?? '', path)
}

/** Elements are numbered from any start and may have gaps; both dialects' forms of a list are understood. */
function decodeList(shape: ListShape, node: FormNode, path: string): unknown[] {
  if (node.value) throw unknownParameter(path)
  const within = node.children?.get(shape.itemTag)
  const elements = within?.children && node.children?.size === 1 ? within.children : (node.children ?? new Map())
  const numbered = [...elements].map(([key, element]): [number, FormNode] => {
    if (!/^\d{1,6}$/.test(key)) throw unknownParameter(`${path}.${key}`)
    return [Number(key), element]
  })
  numbered.sort(([a], [b]) => a - b)
  return numbered.map(([index, element]) => decode(shape.item, element, `${path}.${index}`))
}

function decodeScalar(type: ScalarShape['type'], text: string, path: string): unknown {
  switch (type) {
    case 'string':
      return text
    case 'integer':
      if (!/^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text)) throw invalidValue(text, path, 'Expected a number.')
      return Number(text)
    case 'boolean':
      if (!/^(?:true|false)$/i.test(text)) throw invalidValue(text, path, 'Expected true or false.')
      return text.toLowerCase() === 'true'
    case 'timestamp': {
      const date = new Date(/^-?[\d.]+$/.test(text) ? Number(text) * 1000 : text)
      if (Number.isNaN(date.getTime())) throw invalidValue(text, path, 'Expected a time.')
      return date
    }
    case 'blob':
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalidValue(text, path, 'Expected base64.')
      return new Uint8Array(Buffer.from(text, 'base64'))
  }
}

const unknownParameter = (name: string) => new AwsError('UnknownParameter', `The parameter ${name} is not recognized`)
