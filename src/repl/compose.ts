import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as starcluster from '../index.js'
import type { Follow, ShellHelp, ShellNames } from './options.js'
import type { ShellRemote } from './remote-command.js'
import { currentSignal, runCode, type ShellOptions, startShell } from './shell.js'
import { isConfig } from './views/kinds.js'
import { withoutSecrets } from './views/secrets.js'

export interface ShellRun {
  /** Name of a cluster whose parts are preloaded: `cluster`, `master`, `nodes`, `view`. */
  readonly cluster?: string | undefined
  /** A program to run instead of reading lines. */
  readonly code?: string | undefined
  /** Folder its imports are relative to; default: the working directory. */
  readonly directory?: string | undefined
  /** `args` of the program. */
  readonly args?: readonly string[] | undefined
  /** Types of each line are checked before it is run. */
  readonly typecheck?: boolean | undefined
  /** Runs the work of a line where a person can follow it. */
  readonly follow?: Follow
}

/** The development shell on a composed StarCluster. @returns exit status */
export async function runShell(
  sc: starcluster.StarCluster,
  env: NodeJS.ProcessEnv,
  { cluster, code, directory, args = [], typecheck = false, follow }: ShellRun = {},
): Promise<number> {
  // Ctrl-C at the prompt ends what the line began, remote commands included.
  starcluster.setAmbientSignal(currentSignal)
  const types = new Map<unknown, string>([[starcluster.log, 'Logger']])
  const clients = new Map<unknown, string>([
    [sc.aws.ec2, 'client-ec2'],
    [sc.aws.s3, 'client-s3'],
  ])
  const help: ShellHelp = {
    typeOf: (value) => types.get(value) ?? (isConfig(value) ? 'StarClusterConfig' : undefined),
    sdkClientOf: (value) => clients.get(value),
    publicNames: starcluster,
  }
  const names = lazyNames(async () => new (await import('./complete/cluster-names.js')).ClusterNames(sc, help))
  const preloaded = cluster === undefined ? {} : await partsOf(sc, cluster)
  const options: ShellOptions = {
    context: {
      cm: sc.cm,
      get cfg() {
        return sc.config()
      },
      ec2: sc.aws.ec2,
      s3: sc.aws.s3,
      log: starcluster.log,
      sh: starcluster.sh,
      starcluster,
      ...(code === undefined ? {} : { args }),
      ...preloaded,
    },
    ...(directory === undefined ? {} : { directory }),
    remote: remote(sc),
    modules: starcluster.namedModules,
    banner: `StarCluster shell, region ${sc.region.name}. Try cm.listClusters(), cm.runPlugin('PLUGIN', 'CLUSTER'), .help`,
    historyFile: sc.paths.history,
    env,
    importModule: (specifier) => (specifier === 'starcluster' ? Promise.resolve(starcluster) : undefined),
    onReload: () => reload(sc),
    warm: async () => {
      await sc.aws.endpoint()
      await names.clusters() // and with them the SDK is loaded
    },
    present: async (value, look, signal) => (await import('./views/present.js')).present(value, look, signal),
    withoutSecrets: (text) => withoutSecrets(text, () => sc.config(), env),
    help,
    names,
    logLevel: {
      all: ['debug', 'info', 'warn', 'error'],
      get: () => starcluster.screenLevel() ?? 'info',
      set: (level) => starcluster.setScreenLevel(level as 'debug' | 'info' | 'warn' | 'error'),
    },
    fileToEdit: async (name) => (await import('./file-to-edit.js')).fileToEdit(sc, name),
    typecheck,
    ...(follow ? { follow } : {}),
    types: shellTypes(),
  }
  return code === undefined ? startShell(options) : runCode(code, options)
}

/** What `-p CLUSTER` preloads. Nodes are those that run now; `cluster.getNodes()` asks again. */
async function partsOf(sc: starcluster.StarCluster, tag: string): Promise<object> {
  const cluster = await sc.cm.getCluster(tag)
  const nodes = await cluster.getRunningNodes()
  const master = nodes.find((node) => node.isMaster())
  return { cluster, nodes, master, view: new starcluster.ParallelView(nodes) }
}

function remote(sc: starcluster.StarCluster): ShellRemote {
  const find = async (target: string) => (await import('./find-machine.js')).findMachine(sc, target)
  return {
    run: async (target, command, signal) => {
      const { cluster, node } = await find(target)
      const view = new starcluster.ParallelView(node ? [node] : await cluster.getRunningNodes())
      return view.run(command, { signal })
    },
    login: async (target) => {
      const { cluster, node } = await find(target)
      return (await sc.cm.sshTarget(cluster.tag, node?.id ?? 'master')).argv
    },
  }
}

/** Names that are loaded when somebody asks for one. */
function lazyNames(load: () => Promise<ShellNames>): ShellNames {
  let loading: Promise<ShellNames> | undefined
  const names = () => (loading ??= load())
  return {
    inString: async (place, owner) => (await names()).inString(place, owner),
    clusters: async () => (await names()).clusters(),
    nodes: async (cluster) => (await names()).nodes(cluster),
    plugins: async () => (await names()).plugins(),
  }
}

/** @returns a line for each plugin that changed; a config that changed says so itself, in the log */
async function reload(sc: starcluster.StarCluster): Promise<string[]> {
  sc.config({ force: true })
  const plugins = await sc.plugins.reload()
  return plugins.map(({ name, files, ms, error }) =>
    error === undefined
      ? `Reloaded ${name} (${files} ${files === 1 ? 'file' : 'files'}, ${Math.max(1, Math.round(ms))} ms)`
      : `${name} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
  )
}

/** What `.type` knows: our own sources or declarations, whichever this copy was installed with. */
function shellTypes() {
  const declarations = [
    "declare const cm: import('starcluster').ClusterManager",
    "declare const cfg: import('starcluster').StarClusterConfig",
    "declare const ec2: import('starcluster').AwsClients['ec2']",
    "declare const s3: import('starcluster').AwsClients['s3']",
    "declare const log: import('starcluster').Logger",
    "declare const starcluster: typeof import('starcluster')",
    "declare const sh: typeof import('starcluster').sh",
  ].join('\n')
  const large = {
    packages: ['@aws-sdk/client-ec2', '@aws-sdk/client-s3', '@aws-sdk/client-sts'],
    mention: /\b(ec2|s3|instance)\b|@aws-sdk/i,
  }
  const places = ['dist/types/index.d.ts', 'src/index.ts']
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== dirname(dir); dir = dirname(dir)) {
    const found = places.map((place) => join(dir, place)).find((file) => existsSync(file))
    if (found) return { declarations, paths: { starcluster: [found] }, large }
  }
  return { declarations }
}
