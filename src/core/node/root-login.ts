import type { Logger } from '../log.js'
import { LoginElsewhere, RemoteCommandFailed, SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import { WaitTimeoutError, waitFor } from '../wait.js'
import { NodeError } from './errors.js'
import type { Node } from './node.js'
import { withSignal } from './run-signal.js'
import { openRootStep } from './scripts/root-step.js'
import { runScript } from './scripts/run-script.js'

/** Default users of images: Amazon Linux (whose sshd refuses root without a word), Ubuntu, Debian. */
const usualUsers = ['ec2-user', 'ubuntu', 'admin']

/** sshd needs a moment to read its settings again. */
const reloadMs = 10_000

/**
 * Logs in to nodes as root, also where their image lets in only a user with sudo: then root's login is opened through that
 * user, once in a node's life, and everything after is as root.
 *
 * Our user data asks cloud-init for the same (`disable_root: false`), which costs no connection and does for Ubuntu and
 * Debian. It cannot be all: it works at a first boot only, where cloud-init takes user data, and not where sshd itself
 * refuses root (Amazon Linux: `PermitRootLogin forced-commands-only`). So root is tried first, and this is the way where he
 * is refused.
 */
export class RootLogin {
  /** The user that opened a node of this cluster. */
  private found: string | undefined
  /** By instance id: how many users were tried that nobody had named. */
  private readonly tried = new Map<string, number>()

  /** @param imageUser as the settings name it; absent: as the image tells it, else a usual one */
  constructor(
    private readonly imageUser: string | undefined,
    private readonly log: Logger,
  ) {}

  /**
   * Logs in as root once.
   * @throws SSHConnectionError, SSHAuthException: not yet, perhaps; RootLoginRefused: never
   */
  async reach(node: Node, signal?: AbortSignal): Promise<void> {
    try {
      await logIn(node, signal)
    } catch (refusal) {
      if (!(refusal instanceof SSHAuthException)) throw refusal
      await this.open(node, refusal, signal)
    }
  }

  private async open(node: Node, refusal: SSHAuthException, signal: AbortSignal | undefined): Promise<void> {
    const asked = refusal instanceof LoginElsewhere ? refusal.user : undefined
    const user = this.imageUser ?? asked ?? this.nextUsualUser(node)
    using ssh = node.newSshAs(user)
    try {
      await withSignal(signal, () => ssh.connect())
    } catch (error) {
      throw error instanceof SSHAuthException ? this.nobodyIsLetIn(node, user, asked, refusal) : error
    }
    if (this.found === undefined) {
      this.found = user
      this.log.info(`The image lets in ${user}, not root: opening the login of root with sudo`)
    }
    await openWithSudo(node, ssh, user, signal)
    await mustBeOpen(node, user, signal)
  }

  /** Another one each time, first the one that was right on another node. */
  private nextUsualUser({ id }: Node): string {
    const users = [...new Set([...(this.found === undefined ? [] : [this.found]), ...usualUsers])]
    const tried = this.tried.get(id) ?? 0
    this.tried.set(id, tried + 1)
    return users[tried % users.length]!
  }

  /** A user's name that is wrong for certain ends the start; a key that cloud-init has not written yet does not. */
  private nobodyIsLetIn(node: Node, user: string, asked: string | undefined, cause: SSHAuthException): Error {
    if (asked !== undefined && asked !== user) {
      return new RootLoginRefused(`${node.alias}: ${user} is not let in; its image asks to log in as ${asked}`, {
        cause,
        hint: `set image_user = ${asked}, or leave it out: it is found then; "starcluster start -x --image-user ${asked} ${node.parentCluster}" goes on`,
      })
    }
    const tried = this.imageUser === undefined ? `root, ${usualUsers.join(', ')}` : `root and ${user}`
    return new SSHAuthException(`${node.alias}: none of ${tried} is let in with the key ${node.keyLocation}`, {
      cause,
      hint: 'the node was started with another key pair, or its image wants another user: name it with image_user (--image-user NAME)',
    })
  }
}

/** Root will not be let in, however long one waits. */
export class RootLoginRefused extends NodeError {}

/**
 * The first answer tells whether the login is one: see `LoginElsewhere`. With `forced-commands-only` sshd takes the key and
 * hangs up at the first command.
 */
async function logIn(node: Node, signal: AbortSignal | undefined): Promise<void> {
  await withSignal(signal, () => node.ssh.connect())
  try {
    await node.ssh.session.loginShell(signal)
  } catch (error) {
    // sshd decided when we came; the next time it may decide otherwise.
    if (error instanceof LoginElsewhere) node.ssh.logOut('root')
    if (!(error instanceof SSHConnectionError)) throw error
    throw new SSHAuthException(`${node.alias}: root was let in and sent away (${error.message})`, { cause: error })
  }
}

async function openWithSudo(
  node: Node,
  ssh: ReturnType<Node['newSshAs']>,
  user: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await runScript(ssh, [openRootStep(await node.loginPublicKey())], { signal, sudo: true })
  } catch (cause) {
    if (!(cause instanceof RemoteCommandFailed)) throw cause
    const said = cause.stderr.trim().split('\n').at(-1) || `exit code ${cause.exitCode}`
    throw new RootLoginRefused(`${node.alias}: ${user} cannot open the login of root with sudo: ${said}`, {
      cause,
      hint: `${user} must be allowed every command with sudo and without a password: mend it in the image, or name another user with image_user (--image-user NAME)`,
    })
  }
}

async function mustBeOpen(node: Node, user: string, signal: AbortSignal | undefined): Promise<void> {
  let last: unknown
  const attempt = async (s: AbortSignal) => {
    try {
      await logIn(node, s)
      return true
    } catch (error) {
      if (!(error instanceof SSHAuthException || error instanceof SSHConnectionError)) throw error
      last = error
      return false
    }
  }
  const refused = () =>
    new RootLoginRefused(`${node.alias}: root is not let in though ${user} has opened root's login`, {
      cause: last,
      hint: `see what "sudo sshd -T -C user=root,host=x,addr=127.0.0.1" says on it (AllowUsers, DenyUsers, Match): as ${user}, with the key ${node.keyLocation}`,
    })
  await waitFor(`root's login on ${node.alias}`, attempt, { timeoutMs: reloadMs, intervalMs: 200, signal }).catch(
    (error: unknown) => {
      throw last === undefined || signal?.aborted || !(error instanceof WaitTimeoutError) ? error : refused()
    },
  )
}
