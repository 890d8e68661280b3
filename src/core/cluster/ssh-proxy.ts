import type { JumpWay } from '../node/login.js'
import { SshJump } from '../ssh/jump.js'
import { KnownHosts } from '../ssh/known-hosts.js'
import type { ClusterKey } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError } from './errors.js'
import { readJumpHost } from './jump-host.js'

/** The way through a cluster's jump host, which takes the cluster's key and is known to the user's OpenSSH. */
export class SshProxy implements JumpWay {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly knownHostsFile: string
  private readonly jump: SshJump

  /** @throws ClusterValidationError when the cluster's settings say no jump host */
  constructor(deps: ClusterDeps, key: ClusterKey, sshProxy: string) {
    const read = readJumpHost(sshProxy)
    if (!read) throw new ClusterValidationError(`ssh_proxy = ${sshProxy}: this is no jump host`)
    const { host, port, user } = read
    const name = `jump host ${sshProxy}`
    this.host = host
    this.port = port
    this.user = user
    this.knownHostsFile = deps.paths.userKnownHosts
    this.jump = new SshJump({
      ...{ host, port, username: user, name },
      privateKey: key.privateKey(),
      hostKeys: new KnownHosts(this.knownHostsFile).byAddress({ name }),
      connectTimeoutMs: 30_000,
    })
  }

  reach: JumpWay['reach'] = (host, port, signal) => this.jump.reach(host, port, signal)

  close(): void {
    this.jump.close()
  }
}
