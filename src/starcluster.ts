import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as api from './api.js'
import { chooseRegion } from './core/aws/choose-region.js'
import { type AwsClients, createAwsClients } from './core/aws/clients.js'
import { type RegionCredentials, type RegionEntry, RegionRegistry } from './core/aws/region.js'
import { ClusterManager } from './core/cluster/cluster-manager.js'
import type { StartDeadlines } from './core/cluster/deps.js'
import {
  type ConfigError,
  isStale,
  type LoadOptions,
  loadConfig,
  pluginSearchPath,
  type StarClusterConfig,
} from './core/config/index.js'
import { addSecret, type Logger, log as sharedLog } from './core/log.js'
import { currentSignal } from './core/node/run-signal.js'
import { type StarClusterPaths, starclusterPaths } from './core/paths.js'
import { PluginLoader } from './core/setup/loader.js'
import { localRegion } from './local-region.js'
import { packageRoot, packageVersion } from './package-root.js'
import { fromSource, packageFolder } from './public-modules.js'

export interface StarClusterOptions {
  /** Config file; undefined: `$STARCLUSTER_CONFIG`, `~/.starclusterrc`, `~/.starcluster/config`, else defaults. */
  readonly configFile?: string
  /** `local` or a region of AWS; undefined: `local`, unless the config has `[aws info]`. */
  readonly region?: string
  /** Environment to read HOME and settings from. Credentials in it never select AWS. */
  readonly env?: NodeJS.ProcessEnv
  readonly log?: Logger
  /** Where mistakes of the config are kept that would be thrown otherwise; its warnings are not logged then. */
  readonly configProblems?: ConfigError[]
  /** How long starts wait for each step; for programs that would rather fail early. */
  readonly deadlines?: Partial<StartDeadlines>
}

/** Everything put together: what a command, the shell or a script works with. */
export interface StarCluster {
  readonly cm: ClusterManager
  readonly aws: AwsClients
  /** Clients of another region of the same cloud, with the same credentials. @throws RegionDoesNotExist */
  awsIn(region: string): AwsClients
  readonly region: RegionEntry
  readonly plugins: PluginLoader
  readonly paths: StarClusterPaths
  /** The config as it is on disk now; read again when one of its files changed, or when forced to. */
  config(options?: { force?: boolean }): StarClusterConfig
  /** One line that says where clusters are made: on AWS with the account. Asks AWS. */
  describeRegion(signal?: AbortSignal): Promise<string>
  /** Ends connections and helper processes, so that the program can end. */
  close(): Promise<void>
}

/**
 * Composes StarCluster. Nothing is started or asked for until it is needed.
 *
 * @throws ConfigNotFound, ConfigError, RegionDoesNotExist
 */
export async function createStarCluster(options: StarClusterOptions = {}): Promise<StarCluster> {
  const env = options.env ?? process.env
  const log = options.log ?? sharedLog
  const paths = starclusterPaths(env)
  const { configFile: file, configProblems: problems } = options
  const config = currentConfig({ env, log, problems, file })
  const regions = new RegionRegistry().register(localRegion(env, (message) => log.info(message)))
  const region = regions.get(
    chooseRegion({ config: config(), ...(options.region === undefined ? {} : { flag: options.region }) }),
  )
  const clients = clientsByRegion((name) =>
    createAwsClients({
      region: regions.get(name),
      credentials: () => configuredCredentials(config()),
      profile: () => config().aws?.awsProfile,
      signal: currentSignal,
    }),
  )
  const aws = clients.of(region.name)
  const plugins = new PluginLoader({
    pluginPath: () => pluginSearchPath(config(), env),
    bundledDir: join(packageRoot(), 'src', 'plugins'),
    publicApi: { ...api, createStarCluster },
    log,
  })
  const cm = new ClusterManager({
    aws,
    region,
    config,
    plugins,
    paths,
    log,
    version: packageVersion(),
    testProgram: { argv: testProgram(), env },
    ...(options.deadlines ? { deadlines: options.deadlines } : {}),
  })
  return {
    cm,
    aws,
    awsIn: clients.of,
    region,
    plugins,
    paths,
    config,
    describeRegion: async (signal) => describeRegion(region, aws, signal),
    close: async () => {
      await cm.close()
      await plugins.dispose()
      clients.close()
    },
  }
}

/** Of each region the same clients each time. */
function clientsByRegion(make: (region: string) => AwsClients) {
  const made = new Map<string, AwsClients>()
  const of = (region: string): AwsClients => {
    const known = made.get(region) ?? make(region)
    made.set(region, known)
    return known
  }
  const close = () => {
    for (const clients of made.values()) clients.close()
  }
  return { of, close }
}

/** Arguments of Node for the program of src/testing/run-tests.ts. */
function testProgram(): string[] {
  if (!fromSource) return [join(packageRoot(), 'dist', 'testing', 'run-tests.js')]
  const tsx = pathToFileURL(join(packageFolder('tsx'), 'dist', 'loader.mjs')).href
  return ['--import', tsx, join(packageRoot(), 'src', 'testing', 'run-tests.ts')]
}

/** Reads the config, and again whenever one of its files changed or appeared; warnings are said once per reading. */
function currentConfig(options: LoadOptions & { log: Logger }): StarCluster['config'] {
  const { log, ...where } = options
  let config: StarClusterConfig | undefined
  return ({ force = false } = {}) => {
    const changed = config !== undefined && isStale(config)
    if (config && !force && !changed) return config
    config = loadConfig(where)
    if (changed) log.info(`Reloaded config ${config.path ?? '(defaults)'}`)
    if (!where.problems) for (const warning of config.warnings) log.warn(warning)
    return config
  }
}

/** Keys of `[aws info]`; without them the SDK's default chain finds some, on AWS only. */
function configuredCredentials({ aws }: StarClusterConfig): RegionCredentials | undefined {
  const { awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey, awsSessionToken: sessionToken } = aws ?? {}
  if (!accessKeyId || !secretAccessKey) return undefined
  addSecret(secretAccessKey)
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

async function describeRegion(region: RegionEntry, aws: AwsClients, signal?: AbortSignal): Promise<string> {
  if (region.name === 'local') return 'Region: local (machines on this computer; nothing is sent to AWS)'
  const { Account } = await aws.sts.getCallerIdentity({}, signal ? { abortSignal: signal } : {})
  return `Region: ${region.name}, AWS account ${Account ?? 'unknown'}`
}
