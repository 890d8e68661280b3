import type { Shape, StructShape } from './shape.js'

/** The XML of an answer's members, without a tag around them. Members that are undefined are left out. */
export function encodeMembers(shape: StructShape, value: object): string {
  const values = value as Record<string, unknown>
  let xml = ''
  for (const member of shape.members) {
    const given = values[member.name]
    if (given !== undefined && given !== null) xml += encode(member.shape, member.xmlTag, given)
  }
  return xml
}

function encode(shape: Shape, tag: string, value: unknown): string {
  if (shape.kind === 'struct') return `<${tag}>${encodeMembers(shape, value as object)}</${tag}>`
  if (shape.kind === 'list') {
    const itemTag = shape.flattened ? tag : shape.itemTag
    let xml = ''
    for (const item of value as unknown[]) xml += encode(shape.item, itemTag, item)
    return shape.flattened ? xml : `<${tag}>${xml}</${tag}>`
  }
  return `<${tag}>${text(value)}</${tag}>`
}

function text(value: unknown): string {
  if (typeof value === 'string') return escapeXml(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return String(value)
}

// biome-ignore format: one class of characters
const SPECIAL = /[&<>"'\u0000-\u001f\u007f-\u009f\u2028\ufffe\uffff]/
const ALL_SPECIAL = new RegExp(SPECIAL, 'g')

/** Text for XML. Control characters go as references: a parser would otherwise turn `\r` into `\n`. */
export function escapeXml(raw: string): string {
  return SPECIAL.test(raw) ? raw.replace(ALL_SPECIAL, reference) : raw
}

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function reference(character: string): string {
  return NAMED[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`
}
