/** Names that Amazon's name server gives the machines of a network. */
export interface PrivateNames {
  /** As in `ip-10-78-0-5.local.internal`. */
  readonly domain: string
  /** Range of the machines' addresses, e.g. 10.78.0.0/16; its bits are a multiple of 8. */
  readonly network: string
}

const A = 1
const PTR = 12
const ANY = 255
const INTERNET = 1
const TTL_SECONDS = 60
const METADATA_ADDRESS = [169, 254, 169, 254]

const NO_ERROR = 0
const FORMAT_ERROR = 1
const NO_SUCH_NAME = 3
export const REFUSED = 5

interface Question {
  /** In small letters. */
  readonly name: string
  readonly type: number
  readonly class: number
  /** Where it ends in the message. */
  readonly end: number
}

/**
 * The answer to a query about private names, forward and back; undefined when it is about something else. As on EC2 a
 * name follows from the address, whether a machine has it at the moment or not.
 * Source: VPC User Guide, "DNS attributes for your VPC"; RFC 1035.
 */
export function answerPrivate(query: Buffer, names: PrivateNames): Buffer | undefined {
  const question = parseQuestion(query)
  if (question === undefined) return query.length >= 12 ? reply(query, 12, FORMAT_ERROR) : undefined
  if (question.class !== INTERNET) return undefined
  const { name, type, end } = question
  const base = names.network.split('/')[0]?.split('.') ?? []
  const fixed = base.slice(0, Number(names.network.split('/')[1]) / 8)
  if (name.endsWith('.in-addr.arpa')) {
    const address = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse()
    if (fixed.some((octet, at) => address[at] !== octet)) return undefined
    if (!isAddress(address)) return reply(query, end, NO_SUCH_NAME)
    const owner = encodeName(`ip-${address.join('-')}.${names.domain}`)
    return reply(query, end, NO_ERROR, type === PTR || type === ANY ? [PTR, owner] : undefined)
  }
  if (name !== names.domain && !name.endsWith(`.${names.domain}`)) return undefined
  const address = addressOf(name.slice(0, -names.domain.length - 1), fixed)
  if (!address) return reply(query, end, name === names.domain ? NO_ERROR : NO_SUCH_NAME)
  return reply(query, end, NO_ERROR, type === A || type === ANY ? [A, Buffer.from(address)] : undefined)
}

/** A query turned into an answer without content. */
export const refuse = (query: Buffer): Buffer => reply(query, parseQuestion(query)?.end ?? 12, REFUSED)

function addressOf(host: string, fixed: readonly string[]): number[] | undefined {
  if (host === 'instance-data') return METADATA_ADDRESS
  const octets = /^ip-(\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3})$/.exec(host)?.[1]?.split('-')
  if (!octets || !isAddress(octets) || fixed.some((octet, at) => octets[at] !== octet)) return undefined
  return octets.map(Number)
}

const isAddress = (octets: readonly string[]) =>
  octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)

/** The one question of a query; undefined for anything else. Queries have no compressed names. */
function parseQuestion(query: Buffer): Question | undefined {
  const isQuery = query.length >= 12 && (query.readUInt8(2) & 0xf8) === 0 && query.readUInt16BE(4) === 1
  if (!isQuery) return undefined
  const labels: string[] = []
  for (let at = 12; at < query.length; ) {
    const length = query.readUInt8(at)
    if (length > 63 || labels.length > 127) return undefined
    if (length === 0) {
      if (at + 5 > query.length) return undefined
      const name = labels.join('.').toLowerCase()
      return { name, type: query.readUInt16BE(at + 1), class: query.readUInt16BE(at + 3), end: at + 5 }
    }
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return undefined
}

/** Flags, the question as it came, and at most one record about its name. */
function reply(query: Buffer, end: number, code: number, record?: readonly [type: number, data: Buffer]): Buffer {
  const message = Buffer.from(query.subarray(0, end))
  const recursion = query.readUInt8(2) & 1
  message.writeUInt16BE(0x8480 | (recursion << 8) | code, 2)
  for (const at of [6, 8, 10]) message.writeUInt16BE(0, at)
  if (end === 12) message.writeUInt16BE(0, 4)
  if (!record) return message
  message.writeUInt16BE(1, 6)
  const [type, data] = record
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0) // the name of the question
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(INTERNET, 4)
  head.writeUInt32BE(TTL_SECONDS, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([message, head, data])
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}
