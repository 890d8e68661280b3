import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { type Node, SshClient, type StarCluster } from '../../index.js'
import { typesOf } from '../docs/types-of.js'
import type { ShellHelp, ShellNames } from '../options.js'
import type { StringPlace } from './cursor.js'
import { type Naming, namingOfArgument, namingOfMember } from './places.js'
import { Recent } from './recent.js'

/** The real names of clusters, nodes, plugins and so on, as they were a few seconds ago at most. */
export class ClusterNames implements ShellNames {
  readonly #lists = new Recent<readonly string[]>({ freshMs: 3_000, patienceMs: 140, deadlineMs: 8_000 })

  constructor(
    private readonly sc: StarCluster,
    private readonly help: ShellHelp,
  ) {}

  async inString(place: StringPlace, owner: unknown): ReturnType<ShellNames['inString']> {
    const method = place.callee?.split('.').at(-1) ?? ''
    const naming =
      (place.key === undefined ? undefined : namingOfMember(place.key)) ??
      (place.key === undefined ? namingOfArgument(typesOf(owner, this.help), method, place.argument) : undefined)
    if (naming === 'remotePath') return this.#remotePaths(owner, place.typed)
    if (naming === 'remoteWord') {
      const word = /\S*$/.exec(place.typed)![0]
      const paths = /^[/~]/.test(word) ? await this.#remotePaths(owner, word) : undefined
      return paths && { ...paths, typed: word }
    }
    if (naming === 'localPath') return this.#localPaths(place.typed)
    const candidates = await this.#named(naming, place, owner)
    return candidates && { candidates }
  }

  clusters(): Promise<readonly string[]> {
    return this.#list('clusters', async () => (await this.sc.cm.getClusters()).map(({ tag }) => tag))
  }

  nodes(cluster: string): Promise<readonly string[]> {
    return this.#list(`nodes of ${cluster}`, async (signal) => {
      const nodes = await (await this.sc.cm.getCluster(cluster)).getNodes({ signal })
      return nodes.map(({ alias }) => alias)
    })
  }

  async plugins(): Promise<readonly string[]> {
    return [...this.sc.config().plugins.keys()].sort()
  }

  async #named(
    naming: Naming | undefined,
    { before }: StringPlace,
    owner: unknown,
  ): Promise<readonly string[] | undefined> {
    const config = this.sc.config()
    const cluster = before[0] ?? ''
    switch (naming) {
      case 'cluster':
        return this.clusters()
      case 'nodeOfCluster':
        return this.nodes(cluster)
      case 'node':
        return this.nodes((owner as { tag: string }).tag)
      case 'snapshotOfCluster':
        return this.#list(`snapshots of ${cluster}`, async (signal) =>
          (await this.sc.cm.listSnapshots(cluster, { signal })).map(({ name }) => name),
        )
      case 'plugin':
        return this.plugins()
      case 'template':
        return config.templateNames
      case 'keyPair':
        return [...new Set([...config.keys.keys(), ...(await this.#ofEc2(naming))])].sort()
      case 'image':
      case 'instance':
      case 'volume':
      case 'group':
        return this.#ofEc2(naming)
      default:
        return undefined
    }
  }

  #ofEc2(naming: 'keyPair' | 'image' | 'instance' | 'volume' | 'group'): Promise<readonly string[]> {
    const { ec2 } = this.sc.aws
    return this.#list(naming, async (abortSignal) => {
      const soon = { abortSignal }
      if (naming === 'keyPair') return ids((await ec2.describeKeyPairs({}, soon)).KeyPairs, 'KeyName')
      if (naming === 'volume') return ids((await ec2.describeVolumes({}, soon)).Volumes, 'VolumeId')
      if (naming === 'group') return ids((await ec2.describeSecurityGroups({}, soon)).SecurityGroups, 'GroupId')
      const instances = await ec2.describeInstances({}, soon)
      const all = instances.Reservations?.flatMap(({ Instances }) => Instances ?? [])
      if (naming === 'instance') return ids(all, 'InstanceId')
      // The public ones are too many: one's own, and those that are in use.
      const own = ids((await ec2.describeImages({ Owners: ['self'] }, soon)).Images, 'ImageId')
      return [...new Set([...own, ...ids(all, 'ImageId')])]
    })
  }

  async #remotePaths(owner: unknown, typed: string): ReturnType<ShellNames['inString']> {
    const ssh = owner instanceof SshClient ? owner : (owner as Partial<Node> | undefined)?.ssh
    if (!ssh) return undefined
    const folder = typed.slice(0, typed.lastIndexOf('/') + 1)
    const names = await this.#list(`${ssh.name} ${idOf(ssh)} ${folder}`, () => listFolder(ssh, folder || '.'))
    return { candidates: shown(names, typed).map((name) => folder + name) }
  }

  async #localPaths(typed: string): ReturnType<ShellNames['inString']> {
    const folder = typed.slice(0, typed.lastIndexOf('/') + 1)
    const entries = await readdir(folder.replace(/^~(?=\/)/, homedir()) || '.', { withFileTypes: true })
    const names = entries.map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`).sort()
    return { candidates: shown(names, typed).map((name) => folder + name) }
  }

  async #list(what: string, ask: (signal: AbortSignal) => Promise<readonly string[]>): Promise<readonly string[]> {
    return (await this.#lists.get(what, ask)) ?? []
  }
}

/** Entries of a folder on a node, folders with a slash. */
async function listFolder(ssh: SshClient, folder: string): Promise<string[]> {
  const sftp = await ssh.sftp()
  // sftp knows no ~, its start is the user's home.
  const path = folder.replace(/^~\/?/, '') || '.'
  const entries = await new Promise<{ filename: string; attrs: { isDirectory(): boolean } }[]>((resolve, reject) => {
    sftp.readdir(path, (error, list) => (error ? reject(error) : resolve(list)))
  })
  return entries
    .filter(({ filename }) => filename !== '.' && filename !== '..' && !/\p{Cc}/u.test(filename))
    .map(({ filename, attrs }) => `${filename}${attrs.isDirectory() ? '/' : ''}`)
    .sort()
}

/** Hidden files only for those who ask for them. */
function shown(names: readonly string[], typed: string): readonly string[] {
  const begun = typed.slice(typed.lastIndexOf('/') + 1)
  return begun.startsWith('.') ? names : names.filter((name) => !name.startsWith('.'))
}

function ids<Key extends string>(
  things: readonly { [K in Key]?: string | undefined }[] | undefined,
  key: Key,
): string[] {
  return (things ?? []).flatMap((thing) => thing[key] ?? [])
}

const numbers = new WeakMap<object, number>()
let count = 0

/** Nodes of different clusters have the same names. */
function idOf(object: object): number {
  const known = numbers.get(object) ?? ++count
  numbers.set(object, known)
  return known
}
