/** What a text in quotes may name. */
export type Naming =
  | 'cluster'
  | 'nodeOfCluster'
  | 'snapshotOfCluster'
  | 'node'
  | 'plugin'
  | 'template'
  | 'keyPair'
  | 'image'
  | 'instance'
  | 'volume'
  | 'group'
  | 'remotePath'
  | 'remoteWord'
  | 'localPath'

type Arguments = readonly (Naming | undefined)[]

const remote: Arguments = ['remotePath']
const cluster: Arguments = ['cluster']

/** Arguments of methods, by class. `nodeOfCluster`: of the cluster in the first argument; `node`: of the object itself. */
const methods: Readonly<Record<string, Readonly<Record<string, Arguments>>>> = {
  ClusterManager: {
    getCluster: cluster,
    getClusterOrNone: cluster,
    clusterExists: cluster,
    startCluster: cluster,
    stopCluster: cluster,
    restartCluster: cluster,
    terminateCluster: cluster,
    addNode: cluster,
    addNodes: cluster,
    removeNode: ['cluster', 'nodeOfCluster'],
    removeNodes: cluster,
    watchPlugin: ['plugin', 'cluster'],
    sshToMaster: cluster,
    sshToNode: ['cluster', 'nodeOfCluster'],
    sshTarget: ['cluster', 'nodeOfCluster'],
    exec: cluster,
    put: ['cluster', 'localPath'],
    get: cluster,
    runPlugin: ['plugin', 'cluster'],
    snapshot: cluster,
    rollback: ['cluster', 'snapshotOfCluster'],
    listSnapshots: cluster,
    forgetSnapshot: ['cluster', 'snapshotOfCluster'],
  },
  Cluster: { getNode: ['node'] },
  StarClusterConfig: { template: ['template'], plugin: ['plugin'], key: ['keyPair'] },
  SshClient: {
    ...Object.fromEntries(
      [
        ...[
          'ls',
          'glob',
          'stat',
          'lstat',
          'isfile',
          'isdir',
          'pathExists',
          'lpathExists',
          'mkdir',
          'makedirs',
          'unlink',
        ],
        ...['remoteFile', 'readFile', 'writeFile', 'getRemoteFileLines', 'removeLinesFromFile'],
      ].map((name) => [name, remote]),
    ),
    get: ['remotePath', 'localPath'],
    put: ['localPath', 'remotePath'],
    chmod: [undefined, 'remotePath'],
    chown: [undefined, undefined, 'remotePath'],
    execute: ['remoteWord'],
    executeAsync: ['remoteWord'],
    getStatus: ['remoteWord'],
  },
  Node: {
    copyRemoteFileToNodes: remote,
    copyRemoteFileToNode: remote,
    mountDevice: [undefined, 'remotePath'],
  },
}

/** Members of objects, in any call: the AWS SDK's and our own. */
const members: Readonly<Record<string, Naming>> = {
  template: 'template',
  keyname: 'keyPair',
  KeyName: 'keyPair',
  KeyNames: 'keyPair',
  ImageId: 'image',
  ImageIds: 'image',
  nodeImageId: 'image',
  masterImageId: 'image',
  InstanceId: 'instance',
  InstanceIds: 'instance',
  VolumeId: 'volume',
  VolumeIds: 'volume',
  GroupId: 'group',
  GroupIds: 'group',
  SecurityGroupIds: 'group',
}

export function namingOfMember(key: string): Naming | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined
}

/** @param method camelCase or the original's snake_case */
export function namingOfArgument(types: readonly string[], method: string, argument: number): Naming | undefined {
  const camel = method.replace(/_+([a-z])/g, (_, letter: string) => letter.toUpperCase())
  for (const type of types) {
    const found = Object.hasOwn(methods, type) ? methods[type]?.[camel] : undefined
    if (found) return found[argument]
  }
  return undefined
}
