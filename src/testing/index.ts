import {
  type Cluster,
  type ClusterManager,
  createStarCluster,
  type Node,
  StarClusterError,
  type StarClusterOptions,
} from '../index.js'

/** The cluster a plugin is being tested on. */
export interface TestCluster {
  readonly cluster: Cluster
  /** Its running nodes, the master first. */
  readonly nodes: Node[]
  readonly master: Node
  /** The cluster user and its shell. */
  readonly user: string
  readonly userShell: string
  /** What has just been done: `start`, `run again`, `add a node`, `remove a node`, `restart` or `start again`. */
  readonly step: string
  readonly cm: ClusterManager
}

/**
 * The cluster under test, for the test file of a plugin. Connects at the first call; nothing happens on import.
 * @throws NoTestCluster when the file is not run by "starcluster test"
 */
export function testCluster(): Promise<TestCluster> {
  connected ??= connect(process.env)
  return connected
}

let connected: Promise<TestCluster> | undefined

async function connect(env: NodeJS.ProcessEnv): Promise<TestCluster> {
  const tag = env.STARCLUSTER_TEST_CLUSTER
  if (!tag) throw new NoTestCluster()
  const options: StarClusterOptions = {
    env,
    ...(env.STARCLUSTER_TEST_REGION ? { region: env.STARCLUSTER_TEST_REGION } : {}),
    ...(env.STARCLUSTER_TEST_CONFIG ? { configFile: env.STARCLUSTER_TEST_CONFIG } : {}),
  }
  const { cm } = await createStarCluster(options)
  const cluster = await cm.getCluster(tag)
  const { clusterUser: user, clusterShell: userShell } = cluster
  const [nodes, master] = [await cluster.getRunningNodes(), await cluster.getMaster()]
  return { cluster, nodes, master, user, userShell, step: env.STARCLUSTER_TEST_STEP ?? '', cm }
}

export class NoTestCluster extends StarClusterError {
  readonly code = 'NoTestCluster'
  constructor() {
    super('there is no cluster to test on', {
      hint: 'run this file with "starcluster test PLUGIN", which starts one; or name one that runs in STARCLUSTER_TEST_CLUSTER',
    })
  }
}
