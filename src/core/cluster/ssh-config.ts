import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Node } from '../node/node.js'
import { SSHError } from '../ssh/errors.js'
import { foldNodeNames } from '../ssh/fold.js'
import {
  readSshConfigFile,
  type SshConfigHost,
  type SshConfigSection,
  sshConfigFile,
  sshConfigText,
} from '../ssh/ssh-config.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { selectNodes } from './select-nodes.js'

export interface SshConfigOptions {
  /** Log in as this user. Default: root. */
  readonly user?: string | undefined
  /** Write it to `~/.starcluster/ssh_config`, where clusters that are not asked about stay. */
  readonly write?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What OpenSSH, and all that uses it, needs to know of the running nodes of clusters. */
export interface SshConfig {
  /** Text of the file, or of what would be added to it. */
  readonly text: string
  readonly file: string
  /** Names for `ssh NAME`. */
  readonly hosts: readonly string[]
}

/**
 * Entries of ssh_config(5) for the running nodes of clusters, named `CLUSTER-NODE`.
 * @param all these are all clusters of the region: others that the file has are gone
 */
export async function sshConfig(
  deps: Pick<ClusterDeps, 'region' | 'paths' | 'log'>,
  clusters: readonly Cluster[],
  all: boolean,
  { user, write, signal }: SshConfigOptions = {},
): Promise<SshConfig> {
  const region = deps.region.name
  const found: { section: SshConfigSection; hosts: string[] }[] = []
  for (const cluster of clusters) {
    const nodes = await cluster.getNodes({ signal })
    if (all && !nodes.some((node) => node.isRunning())) continue
    const hosts = await hostsOf(deps, cluster.tag, selectNodes(cluster.tag, nodes), { user, signal })
    const text = sshConfigText(cluster.tag, hosts)
    found.push({ section: { region, tag: cluster.tag, text }, hosts: hosts.map(({ name }) => name) })
  }
  const sections = found.map(({ section }) => section)
  const file = deps.paths.sshConfig
  const hosts = found.flatMap((one) => one.hosts)
  if (!write) return { text: sshConfigFile(sections), file, hosts }
  const asked = new Set(clusters.map(({ tag }) => tag))
  const others = readSshConfigFile(await textOf(file)).filter(
    (section) => section.region !== region || !(all || asked.has(section.tag)),
  )
  const text = sshConfigFile([...others, ...sections])
  await replace(file, text)
  return { text, file, hosts }
}

/** A node that cannot be logged in to now is left out and said: it must not keep the others from being there. */
async function hostsOf(
  { log }: Pick<ClusterDeps, 'log'>,
  tag: string,
  nodes: readonly Node[],
  { user, signal }: SshConfigOptions,
): Promise<SshConfigHost[]> {
  const left = new Map<string, string[]>()
  const hosts = await Promise.all(
    nodes.map(async (node) => {
      const name = node.alias.startsWith(`${tag}-`) ? node.alias : `${tag}-${node.alias}`
      try {
        const { login } = await node.shell({ ...(user === undefined ? {} : { user }), ...(signal ? { signal } : {}) })
        return [{ name, login }]
      } catch (error) {
        if (!(error instanceof SSHError)) throw error
        const why = error.message.replace(`${node.alias}: `, '')
        left.set(why, [...(left.get(why) ?? []), name])
        return []
      }
    }),
  )
  for (const [why, names] of left) log.warn(`left out: ${foldNodeNames(names)}: ${why}`)
  return hosts.flat()
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

async function replace(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}
