import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { errorCode, LocalCloudError } from '../local-error.js'
import { writePrivateFile } from './credentials.js'

/** Below 32768: outgoing connections of this machine never take one of these for a moment. */
const FIRST_PORT = 20_000
const LAST_PORT = 32_000
const ATTEMPTS = 50

/**
 * Listens on 127.0.0.1, on the port of the last run when it is free, so that endpoints in people's shells stay right.
 * @returns `taken`: the remembered port, when another program has it now.
 */
export async function listen(server: Server, portFile: string): Promise<{ port: number; taken?: number }> {
  const remembered = await rememberedPort(portFile)
  if (remembered !== undefined && (await tryListen(server, remembered))) return { port: remembered }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (!(await tryListen(server, port))) continue
    await writePrivateFile(portFile, `${port}\n`)
    return { port, ...(remembered === undefined ? {} : { taken: remembered }) }
  }
  throw new LocalCloudError('NoFreePort', `no free TCP port on 127.0.0.1 among ${ATTEMPTS} tried`, {
    hint: 'see what listens there: ss -ltn',
  })
}

async function rememberedPort(file: string): Promise<number | undefined> {
  try {
    const port = Number(await readFile(file, 'utf8'))
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** @returns false when the port is taken or not ours to take. */
function tryListen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error)
    server.once('error', failed)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.off('error', failed)
      resolve(true)
    })
  })
}
