import type { RequestSpotLaunchSpecification, RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { refuseForCapacity } from '../faults.js'
import { planLaunch } from '../instances/launch-plan.js'
import { lifecycleOf } from '../instances/lifecycle.js'
import { launchInstances } from '../instances/run-instances.js'
import { applyNetworkPolicy } from '../network-policy.js'
import { type SpotRequestRecord, type SpotStatus, setStatus } from './records.js'

const TRY_AGAIN_MS = 1000

/** What RunInstances would be asked for one instance of a request. */
export const launchOf = (launch: RequestSpotLaunchSpecification): RunInstancesRequest =>
  ({ ...launch, MinCount: 1, MaxCount: 1 }) as RunInstancesRequest

/** Launches what open requests ask for, as far as there is capacity. -> whether anything changed */
function fulfilOpenRequests(cloud: Cloud): boolean {
  const open = Object.values(cloud.state.ec2.spotRequests ?? {}).filter(({ state }) => state === 'open')
  for (const request of open) fulfil(request, cloud)
  return open.some(({ state }) => state !== 'open')
}

function fulfil(request: SpotRequestRecord, cloud: Cloud): void {
  const now = cloud.now()
  const end = (state: SpotRequestRecord['state'], code: SpotStatus) => {
    request.state = state
    setStatus(request, code, now)
  }
  if (request.validUntil !== undefined && Date.parse(request.validUntil) <= now.getTime()) {
    end('closed', 'schedule-expired')
    return
  }
  try {
    const input = launchOf(request.launch ?? {})
    const plan = planLaunch(input, cloud)
    refuseForCapacity(cloud, plan.instanceType, plan.subnet.zone, 'spot')
    launchInstances(plan, input, cloud, request)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    if (error.code === 'InsufficientInstanceCapacity') end('open', 'capacity-not-available')
    else end('failed', 'bad-parameters')
  }
}

/** Requests that wait for capacity are looked at again every second, while there are any. */
class OpenRequests {
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly cloud: Cloud) {}

  /** Launches what can be launched: its state is saved then, its policy not in force and nothing woken yet. */
  async look(): Promise<boolean> {
    const changed = fulfilOpenRequests(this.cloud)
    if (changed) await this.cloud.commit()
    const waits = Object.values(this.cloud.state.ec2.spotRequests ?? {}).some(({ state }) => state === 'open')
    if (waits && !this.timer) this.timer = setTimeout(() => this.again(), TRY_AGAIN_MS).unref()
    return changed
  }

  private again(): void {
    this.timer = undefined
    const launch = async () => {
      if (!(await this.look())) return
      await applyNetworkPolicy(this.cloud)
      lifecycleOf(this.cloud).wake()
    }
    launch().catch((error: Error) => this.cloud.log.error(`spot requests: ${error.message}`))
  }
}

const requests = new WeakMap<Cloud, OpenRequests>()

export function openSpotRequestsOf(cloud: Cloud): OpenRequests {
  let known = requests.get(cloud)
  if (!known) requests.set(cloud, (known = new OpenRequests(cloud)))
  return known
}
