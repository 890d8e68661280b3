import { gunzipSync } from 'node:zlib'
import { type CloudConfig, readCloudConfig } from './cloud-config.js'
import { warning } from './console-warning.js'

/** User data as a first boot carries it out. */
export interface UserData extends CloudConfig {
  /** Executable files, run in this order. */
  readonly scripts: readonly (string | Uint8Array)[]
}

const LIMIT = 1 << 20

/**
 * Splits user data as cloud-init does: a `#!` script, a `#cloud-config`, or a MIME multipart of these; each may be
 * compressed. Parts of other kinds are left out, and said on the console.
 */
export function readUserData(data: Uint8Array | undefined): UserData {
  if (!data || data.length === 0) return { scripts: [], authorizedKeys: [] }
  return merge(readPart(Buffer.from(data), 'user data'))
}

function readPart(data: Buffer, name: string): UserData[] {
  if (data[0] === 0x1f && data[1] === 0x8b) return readPart(gunzip(data), name)
  const head = data.subarray(0, 200).toString('latin1')
  if (head.startsWith('#!')) return [{ scripts: [data], authorizedKeys: [] }]
  if (/^#cloud-config\s*\n/.test(head)) return [readCloudConfig(data.toString('utf8'))]
  if (/^(content-type: *multipart\/|mime-version:)/i.test(head)) return readMultipart(data.toString('latin1'))
  return [
    {
      scripts: [warning(`${name}: neither a script, nor #cloud-config, nor a multipart of them; not used`)],
      authorizedKeys: [],
    },
  ]
}

function gunzip(data: Buffer): Buffer {
  try {
    return gunzipSync(data, { maxOutputLength: LIMIT })
  } catch (error) {
    return Buffer.from(warning(`user data cannot be unpacked: ${(error as Error).message}`))
  }
}

function readMultipart(text: string): UserData[] {
  const [headers, body] = splitHeaders(text)
  const boundary = /boundary="?([^";\n]+)"?/i.exec(headers.get('content-type') ?? '')?.[1]
  if (!boundary)
    return [{ scripts: [warning('user data: multipart without a boundary; not used')], authorizedKeys: [] }]
  const parts = `\n${body}`
    .split(new RegExp(`\\r?\\n--${boundary.replace(/[^\w]/g, '\\$&')}(?:--)?[ \\t]*(?=\\r?\\n|$)`))
    .slice(1, -1)
  return parts.flatMap((part, at) => {
    const [partHeaders, content] = splitHeaders(part.replace(/^\r?\n/, ''))
    const encoding = partHeaders.get('content-transfer-encoding')?.trim().toLowerCase()
    const bytes = encoding === 'base64' ? Buffer.from(content, 'base64') : Buffer.from(content, 'latin1')
    return readPart(
      bytes,
      /filename="?([^";\n]+)/i.exec(partHeaders.get('content-disposition') ?? '')?.[1] ?? `part ${at + 1}`,
    )
  })
}

function splitHeaders(text: string): [Map<string, string>, string] {
  const end = /\r?\n\r?\n/.exec(text)
  const head = end ? text.slice(0, end.index) : text
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  const headers = unfolded.map((line) => /^([\w-]+):\s*(.*)$/.exec(line)).filter((match) => match !== null)
  return [
    new Map(headers.map(([, name, value]) => [name!.toLowerCase(), value!])),
    end ? text.slice(end.index + end[0].length) : '',
  ]
}

function merge(parts: readonly UserData[]): UserData {
  const hostname = parts.map((part) => part.hostname).find(Boolean)
  const disableRoot = parts.map((part) => part.disableRoot).findLast((value) => value !== undefined)
  return {
    scripts: parts.flatMap((part) => part.scripts),
    authorizedKeys: parts.flatMap((part) => part.authorizedKeys),
    ...(hostname && { hostname }),
    ...(disableRoot !== undefined && { disableRoot }),
  }
}
