import type { JumpWay } from '../node/login.js'
import { HostKeyMismatch, HostKeyUnknown, SSHAuthException, SSHError } from '../ssh/errors.js'
import { SshJump } from '../ssh/jump.js'
import { KnownHosts } from '../ssh/known-hosts.js'
import type { ClusterKey } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError } from './errors.js'
import { readJumpHost } from './jump-host.js'

export class JumpHostUnusable extends ClusterValidationError {
  override readonly code = 'JumpHostUnusable'
  constructor(cause: SSHError, hint: string) {
    super(`ssh_proxy: ${cause.message}`, { cause, hint })
  }
}

/** The way through a cluster's jump host, which takes the cluster's key and is known to the user's OpenSSH. */
export class SshProxy implements JumpWay {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly knownHostsFile: string
  private readonly jump: SshJump

  /** @throws ClusterValidationError when the cluster's settings say no jump host */
  constructor(
    deps: ClusterDeps,
    private readonly key: ClusterKey,
    private readonly sshProxy: string,
  ) {
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

  isFor(sshProxy: string, { location }: ClusterKey): boolean {
    return this.sshProxy === sshProxy && this.key.location === location
  }

  reach: JumpWay['reach'] = (host, port, signal) => this.jump.reach(host, port, signal)

  /**
   * Logs in to the jump host, over the connection that the nodes are reached through afterwards.
   * @throws JumpHostUnusable saying what is wrong there, before nodes are launched that nobody can reach
   */
  async probe(signal?: AbortSignal): Promise<void> {
    try {
      await this.jump.connect(signal)
    } catch (error) {
      if (signal?.aborted || !(error instanceof SSHError)) throw error
      throw new JumpHostUnusable(error, this.whatToDo(error))
    }
  }

  private whatToDo(error: SSHError): string {
    const { user, host, port, knownHostsFile } = this
    const login = `ssh ${port === 22 ? '' : `-p ${port} `}${user}@${host}`
    if (error instanceof HostKeyUnknown) {
      return `"${login}" asks whether the host key is right and writes it into ${knownHostsFile}; then try again`
    }
    if (error instanceof HostKeyMismatch) return error.hint ?? `look at its lines in ${knownHostsFile}`
    if (error instanceof SSHAuthException) {
      return `user ${user} of the jump host must accept the cluster's key pair ${this.key.keyname}: add the public half of ${this.key.location} to ~/.ssh/authorized_keys there`
    }
    return `is the jump host up, and does it let this computer in at port ${port}? "${login}" shows it; else correct ssh_proxy in the template`
  }

  close(): void {
    this.jump.close()
  }
}
