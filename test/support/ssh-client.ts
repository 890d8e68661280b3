import { SshClient, type SshClientOptions } from '../../src/core/ssh/client.js'
import type { RunningSshd } from './sshd.js'

/** A client for a test's sshd that knows its host key. */
export function clientOf(sshd: RunningSshd, options: Partial<SshClientOptions> = {}): SshClient {
  const hostKey = Buffer.from(sshd.hostKey.split(' ')[1] ?? '', 'base64')
  return new SshClient({
    host: sshd.host,
    port: sshd.port,
    username: sshd.username,
    privateKey: sshd.privateKey,
    name: 'node001',
    hostKeys: {
      async verify(_host, _port, blob) {
        if (!blob.equals(hostKey)) throw new Error('not the host key of this test')
        return 'ok'
      },
    },
    ...options,
  })
}
