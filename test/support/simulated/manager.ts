import { handleEc2 } from '../../../src/localcloud/ec2/index.js'
import { handleSts } from '../../../src/localcloud/sts/handler.js'
import { type InProcess, inProcessManager } from '../in-process-manager.js'
import { SimulatedEngine } from './engine.js'
import { type Watch, watchedService } from './watch.js'

export interface Simulated extends InProcess {
  readonly engine: SimulatedEngine
  /** Services of the cloud, watched. */
  readonly services: { readonly ec2: typeof handleEc2; readonly sts: typeof handleSts }
}

/** A ClusterManager on a cloud whose machines are simulated: real API, real SSH, no Linux. */
export async function simulatedManager(
  files: Record<string, string> = {},
  watch: Watch = () => undefined,
): Promise<Simulated> {
  const engine = await SimulatedEngine.open(watch)
  const services = { ec2: watchedService(handleEc2, watch), sts: handleSts }
  const on = await inProcessManager(files, { engine, services })
  engine.loginKey = (id) => on.cloud.state.ec2.instances[id]?.publicKey
  return {
    ...on,
    engine,
    services,
    close: async () => {
      await on.close()
      await engine.close()
    },
  }
}
