import type { Shape, StructShape } from './shape.js'

/** The XML of an answer's members, without a tag around them. Members that are undefined are left out. */
export function encodeMembers(shape: StructShape, value: object): string {
  const out: string[] = []
  writeMembers(shape, value as Readonly<Record<string, unknown>>, out)
  return out.join('')
}

/** Pieces in an array, one string per list element: strings built with `+` cost a listing of 10,000 most of its time. */
function writeMembers(shape: StructShape, values: Readonly<Record<string, unknown>>, out: string[]): void {
  for (const member of shape.members) {
    const value = values[member.name]
    if (value === undefined || value === null) continue
    if (member.shape.kind === 'list' && member.shape.flattened) writeItems(member.shape.item, member, value, out)
    else write(member.shape, member, value, out)
  }
}

interface Tags {
  readonly open: string
  readonly close: string
}

function write(shape: Shape, tags: Tags, value: unknown, out: string[]): void {
  out.push(tags.open)
  if (shape.kind === 'struct') writeMembers(shape, value as Readonly<Record<string, unknown>>, out)
  else if (shape.kind === 'list') writeItems(shape.item, shape, value, out)
  else out.push(text(value))
  out.push(tags.close)
}

function writeItems(item: Shape, tags: Tags, value: unknown, out: string[]): void {
  for (const element of value as readonly unknown[]) {
    const part: string[] = []
    write(item, tags, element, part)
    out.push(part.join(''))
  }
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
