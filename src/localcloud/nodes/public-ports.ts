import { readFile } from 'node:fs/promises'

/** A port of a node and where the host reaches it. */
export interface PublicPort {
  readonly port: number
  readonly publicIp: string
  readonly publicPort: number
}

const SHIFT = 22_000
const FIRST_FREE = 1024

/**
 * Ports below 1024 are often taken on the host and need rights there: they are reached 22000 higher (sshd at 22022), all
 * others at their own number. The ports that stand for those are not reached themselves: undefined.
 */
export function publicPortOf(port: number): number | undefined {
  if (port < FIRST_FREE) return SHIFT + port
  return port >= SHIFT && port < SHIFT + FIRST_FREE ? undefined : port
}

/** TCP ports on which something in the network of a process listens for others than itself. Empty when it has ended. */
export async function listeningPorts(pid: number): Promise<number[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readTable(`/proc/${pid}/net/${name}`)))
  return [...new Set(tables.flatMap(parseListening))].sort((a, b) => a - b)
}

const LISTEN = '0A'
/** 127.0.0.0/8 and ::1, as the kernel writes them on little-endian machines. */
const LOOPBACK = /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/

/** Source: proc(5), /proc/net/tcp. */
export function parseListening(table: string): number[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    return state === LISTEN && !LOOPBACK.test(address) ? [Number.parseInt(port, 16)] : []
  })
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EINVAL' || code === 'ESRCH') return ''
    throw error
  }
}
