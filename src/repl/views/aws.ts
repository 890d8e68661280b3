import { inspect } from 'node:util'
import { columnsOf } from './aws-kinds.js'
import { isSecretName } from './secrets.js'
import { type Column, type Look, renderCell, renderFacts, renderTable } from './table.js'

type AwsObject = Readonly<Record<string, unknown>>

/** Answers of the AWS SDK, and what is in them, as tables and facts; undefined for anything else. */
export function renderAws(value: unknown, look: Look): string | undefined {
  if (Array.isArray(value)) return value.length > 0 && value.every(isAwsObject) ? renderList(value, look) : undefined
  if (!isAwsObject(value)) return undefined
  return '$metadata' in value ? renderAnswer(value, look) : renderOne(value, look)
}

/** A plain object whose members are written as AWS writes them: `InstanceId`. */
function isAwsObject(value: unknown): value is AwsObject {
  if (typeof value !== 'object' || value === null || ![Object.prototype, null].includes(Object.getPrototypeOf(value)))
    return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every((key) => key === '$metadata' || /^[A-Z]\w*$/.test(key))
}

function renderAnswer({ $metadata: _, ...answer }: AwsObject, look: Look): string {
  const lists = Object.entries(answer).filter((entry): entry is [string, AwsObject[]] => isList(entry[1]))
  const rest = Object.fromEntries(Object.entries(answer).filter(([, value]) => !isList(value) && value !== undefined))
  const parts = lists.map(([name, list]) => {
    const rows = name === 'Reservations' ? list.flatMap(({ Instances }) => (Instances ?? []) as AwsObject[]) : list
    const title = name === 'Reservations' ? 'Instances' : name
    if (rows.length === 0) return `No ${title}`
    return lists.length > 1 ? `${title}:\n${renderList(rows, look)}` : renderList(rows, look)
  })
  if (Object.keys(rest).length > 0) parts.push(renderOne(rest, look))
  return parts.length > 0 ? parts.join('\n') : 'Done; AWS had nothing to say'
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isAwsObject)
}

function renderList(rows: readonly AwsObject[], look: Look): string {
  const known = rows[0] && columnsOf(rows[0])
  return renderTable(rows as never[], known ?? (ownColumns(rows) as readonly Column<never>[]), look)
}

/** Identifiers and names first, then what else is short enough for a cell. */
function ownColumns(rows: readonly AwsObject[]): Column<AwsObject>[] {
  const keys = [...new Set(rows.flatMap(Object.keys))].filter((key) => rows.some((row) => isScalar(row[key])))
  return keys
    .sort((a, b) => rank(a) - rank(b))
    .map((key) => [key, (row) => (isSecretName(key) ? '****' : isScalar(row[key]) ? row[key] : undefined)])
}

function rank(key: string): number {
  if (/Id$/.test(key)) return 0
  return /Name$/.test(key) ? 1 : 2
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) || value instanceof Date
}

function renderOne(thing: AwsObject, look: Look): string {
  const simple = (member: unknown): number => (member === undefined || isScalar(member) ? 0 : 1)
  const members = Object.entries(thing).sort(([a, x], [b, y]) => simple(x) - simple(y) || rank(a) - rank(b))
  return renderFacts(
    members.map(([key, value]) => [key, isSecretName(key) ? '****' : renderMember(value)]),
    look,
  )
}

function renderMember(value: unknown): string {
  if (value === undefined || isScalar(value)) return renderCell(value)
  if (Array.isArray(value)) return value.map(renderMember).join(', ')
  if (!isAwsObject(value)) return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })
  const { Key, Value, ...others } = value
  if (typeof Key === 'string' && Object.keys(others).length === 0) return `${Key}=${renderCell(Value)}`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return members.length === 1
    ? renderMember(members[0]![1])
    : members.map(([key, member]) => `${key} ${isSecretName(key) ? '****' : renderMember(member)}`).join(' ')
}
