import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { sh } from './quote.js'
import { type RemoteHost, remotePath } from './remote-host.js'

/** SHA-256 of the first bytes of a local file, in hex; undefined when it has fewer. */
export async function prefixDigest(path: string, bytes: number): Promise<string | undefined> {
  const hash = createHash('sha256')
  let read = 0
  if (bytes > 0) {
    for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer)
      read += (chunk as Buffer).length
    }
  }
  return read === bytes ? hash.digest('hex') : undefined
}

/** The same of a file on a node; undefined also when the node cannot tell. */
export async function remoteDigest(host: RemoteHost, path: string, bytes: number): Promise<string | undefined> {
  const { stdout, failed } = await host.execute(sh`head -c ${bytes} ${remotePath(path)} | sha256sum`, {
    sourceProfile: false,
    ignoreExitStatus: true,
    label: `sha256 of ${path}`,
  })
  const digest = /^[\da-f]{64}/.exec(stdout)?.[0]
  return failed ? undefined : digest
}
