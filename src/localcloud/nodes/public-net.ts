import { once } from 'node:events'
import net from 'node:net'
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
}): Promise<PublicNet> {
  const start = options.startAt ?? 1
  const numbers = Array.from({ length: 254 }, (_, at) => ((start - 1 + at) % 254) + 1)
  for (const number of options.stored === undefined ? numbers : [options.stored, ...numbers]) {
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
