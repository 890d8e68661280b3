import { InstanceNotRunning } from '../node/errors.js'
import { sshCommandLine } from '../ssh/system-ssh.js'
import { findNode } from './cluster.js'
import { clusterKey } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import type { NodePool } from './node-pool.js'

export interface SshTargetOptions {
  /** Default: root. */
  readonly user?: string
  readonly forwardX11?: boolean
  readonly forwardAgent?: boolean
  readonly pseudoTty?: boolean
  /** Run this instead of a login shell. */
  readonly command?: string
  readonly signal?: AbortSignal
}

/** How to log in to a node with the system's OpenSSH. */
export interface SshTarget {
  /** Program and arguments. */
  readonly argv: readonly string[]
  readonly alias: string
  readonly instanceId: string
  readonly host: string
  readonly port: number
  readonly user: string
}

/**
 * The command line that logs in to a node, with its host key pinned. Runs nothing on the node.
 *
 * @param identifier alias, instance id, address or DNS name
 * @throws InstanceDoesNotExist, InstanceNotRunning, KeyNotFound, HostKeyUnknown
 */
export async function sshTarget(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  identifier: string,
  options: SshTargetOptions = {},
): Promise<SshTarget> {
  const { signal, user = 'root' } = options
  const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
  const nodes = await cluster.getNodesOrThrow({ signal })
  const node = findNode(tag, nodes, identifier)
  if (!node.isRunning()) {
    const hint = node.isStopped() ? `"starcluster start -x ${tag}" resumes the cluster` : undefined
    throw new InstanceNotRunning(node.alias, node.state, hint)
  }
  const key = clusterKey(deps, cluster.keyname)
  key.privateKey() // a missing file is told by us, better than by ssh
  const pins = pool.pinsOf(tag)
  await pins.ensure(node.id, node.alias, signal)
  const { port } = { port: deps.region.sshPort }
  const argv = sshCommandLine({
    host: node.addr,
    port,
    user,
    keyFile: key.location,
    knownHostsFile: pins.file,
    hostKeyAlias: node.id,
    forwardX11: options.forwardX11,
    forwardAgent: options.forwardAgent,
    pseudoTty: options.pseudoTty,
    command: options.command,
  })
  return { argv, alias: node.alias, instanceId: node.id, host: node.addr, port, user }
}
