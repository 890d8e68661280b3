import { type AwsClients, createAwsClients } from '../../src/core/aws/clients.js'
import type { RegionEntry } from '../../src/core/aws/region.js'
import { ClusterManager } from '../../src/core/cluster/cluster-manager.js'
import type { ClusterDeps } from '../../src/core/cluster/deps.js'
import { loadConfig } from '../../src/core/config/index.js'
import { starclusterPaths } from '../../src/core/paths.js'
import { PluginLoader } from '../../src/core/setup/loader.js'
import { createInProcessCloud } from '../../src/localcloud/in-process.js'
import { recordingLog } from './recording-log.js'
import { type TempHome, tempHome } from './temp-home.js'

/** A ClusterManager on a cloud without nodes, in this process: state, wire and SDK are real, machines are not. */
export async function inProcessManager(
  files: Record<string, string> = {},
  options: Parameters<typeof createInProcessCloud>[0] = {},
) {
  const home = await tempHome(files)
  const { requestHandler, cloud } = createInProcessCloud(options)
  const { log, lines } = recordingLog()
  const region: RegionEntry = {
    name: 'local',
    sshPort: 22022,
    templateDefaults: { clusterSize: 2, nodeImageId: 'default', nodeInstanceType: 't3.small', keyname: 'starcluster' },
    ensureRunning: async () => ({
      url: 'http://in-process.invalid',
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    }),
  }
  const wire: Wire = {}
  const handle: typeof requestHandler.handle = async (request) => {
    const refusal = wire.refuse?.(new URLSearchParams(String((request as { body?: unknown }).body)))
    if (refusal === undefined) return requestHandler.handle(request)
    const body = `<Response><Errors><Error><Code>${refusal}</Code><Message>no</Message></Error></Errors></Response>`
    return { response: { statusCode: 403, headers: {}, body: Buffer.from(body) } }
  }
  const aws: AwsClients = createAwsClients({ region, requestHandler: { ...requestHandler, handle } })
  const paths = starclusterPaths(home.env)
  const plugins = new PluginLoader({ pluginPath: () => [paths.plugins], bundledDir: paths.plugins, publicApi: {}, log })
  const deps: ClusterDeps = {
    aws,
    region,
    config: () => loadConfig({ env: home.env }),
    plugins,
    paths,
    log,
    version: '0.1.0',
  }
  const cm = new ClusterManager(deps)
  return {
    cm,
    deps,
    aws,
    cloud,
    home,
    log: lines,
    wire,
    close: async () => {
      await cm.close()
      await plugins.dispose()
      aws.close()
      await home.remove()
    },
  } satisfies InProcess
}

/** What happens to requests on their way. */
interface Wire {
  /** Sees every form; with an error code of AWS as its answer, EC2 does not. */
  refuse?: (form: URLSearchParams) => string | undefined
}

export interface InProcess {
  readonly cm: ClusterManager
  readonly deps: ClusterDeps
  readonly aws: AwsClients
  readonly cloud: ReturnType<typeof createInProcessCloud>['cloud']
  readonly home: TempHome
  readonly wire: Wire
  /** What was logged, with its level. */
  readonly log: readonly string[]
  close(): Promise<void>
}
