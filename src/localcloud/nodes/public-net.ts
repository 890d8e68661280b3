import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { dirname, join } from 'node:path'
import { LocalCloudError } from '../local-error.js'

/** A /24 of loopback addresses that is ours as long as this process lives. */
export interface PublicNet {
  /** `127.77.3`: nodes get 127.77.3.1 to 127.77.3.254. */
  readonly prefix: string
  readonly number: number
  release(): Promise<void>
}

/**
 * Claims 127.77.N.0/24 by listening at its last address, so that two daemons never use the same one.
 * @param stored the number of the last run, taken again when free so that addresses stay
 */
export async function claimPublicNet(options: {
  stored?: number | undefined
  port: number
  startAt?: number
  /** Numbers of others, whose machines keep their addresses while their daemon is away: taken only when no other is left. */
  avoid?: ReadonlySet<number>
}): Promise<PublicNet> {
  const { stored, startAt: start = 1, avoid = new Set() } = options
  const numbers = Array.from({ length: 254 }, (_, at) => ((start - 1 + at) % 254) + 1)
  const free = numbers.filter((number) => !avoid.has(number))
  const others = numbers.filter((number) => avoid.has(number))
  for (const number of [...(stored === undefined ? [] : [stored]), ...free, ...others]) {
    const server = net.createServer((socket) => socket.destroy())
    try {
      server.listen({ host: `127.77.${number}.255`, port: options.port })
      await once(server, 'listening')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' || code === 'EACCES') continue
      throw error
    }
    const release = async () => {
      server.close()
      await once(server, 'close')
    }
    server.unref()
    return { prefix: `127.77.${number}`, number, release }
  }
  throw new LocalCloudError('NoPublicNet', `every 127.77.N.255:${options.port} is taken`, {
    hint: 'stop local clouds that are not used with `starcluster local stop`',
  })
}

const numberFile = 'public-net'

/**
 * The claim of a home: its own number of the last time, so that its machines keep their addresses, else one that no other
 * home beside it has had.
 */
export async function claimForHome(home: string, port: number): Promise<PublicNet> {
  const stored = await readNumber(home)
  const homes = (await readdir(dirname(home)).catch(() => [])).map((name) => join(dirname(home), name))
  const others = await Promise.all(homes.filter((other) => other !== home).map(readNumber))
  const avoid = new Set(others.filter((number) => number !== undefined))
  const claim = await claimPublicNet({ stored, port, avoid })
  await writeFile(join(home, numberFile), `${claim.number}\n`)
  return claim
}

async function readNumber(home: string): Promise<number | undefined> {
  const number = Number.parseInt(await readFile(join(home, numberFile), 'utf8').catch(() => ''), 10)
  return number > 0 ? number : undefined
}
