import { StarClusterError } from '../errors.js'
import { callerCidr } from './caller-address.js'

/** Static credentials of a region that does not use the SDK's default chain. */
export interface RegionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** How a region is reached once it runs. */
export interface RegionEndpoint {
  /** Base URL of EC2, S3 and STS alike; undefined: the SDK's own endpoint for the region. */
  readonly url?: string
  /** undefined: the SDK's default chain (environment, profile, SSO, role), or the keys of `[aws info]`. */
  readonly credentials?: RegionCredentials
}

/** Values a template may leave out in this region. Absent members stay required settings. */
export interface TemplateDefaults {
  readonly clusterSize?: number
  readonly nodeImageId?: string
  readonly nodeInstanceType?: string
  /** Name of the key pair that is made on first use when the template names none. */
  readonly keyname?: string
}

/** A named state of machines' disks. */
export interface DiskState {
  readonly name: string
  /** ISO date. */
  readonly created: string
}

/** For a region that can put the disks of its machines back to an earlier state, in place and within seconds. */
export interface RegionDisks {
  /**
   * Makes a state, goes back to one, forgets one. Machines that have to stop for it are reached again when it resolves,
   * with their addresses and host keys.
   * @param ids instance ids, the one that others mount from first
   * @returns the states that all of them have now, oldest first
   */
  snapshot(ids: readonly string[], name: string, signal?: AbortSignal): Promise<readonly DiskState[]>
  rollback(ids: readonly string[], name: string, signal?: AbortSignal): Promise<readonly DiskState[]>
  forget(ids: readonly string[], name: string, signal?: AbortSignal): Promise<readonly DiskState[]>
  list(ids: readonly string[], signal?: AbortSignal): Promise<readonly DiskState[]>
}

/** One place clusters can live: a region of AWS, or `local`. All that differs between them is here. */
export interface RegionEntry {
  readonly name: string
  /** TCP port of sshd at a node's public address. */
  readonly sshPort: number
  readonly templateDefaults: TemplateDefaults
  /** Makes the region run when that is ours to do (the local daemon); cheap when it already runs. */
  ensureRunning(signal?: AbortSignal): Promise<RegionEndpoint>
  /** Called before instances are launched, for what only that needs and may take long (a base image). */
  prepareLaunch?(signal?: AbortSignal): Promise<void>
  /**
   * The address at which nodes see this computer, as a range: who may reach ssh when nobody says it.
   * @throws OwnAddressUnknown
   */
  callerCidr?(signal?: AbortSignal): Promise<string>
  /** Missing where disks cannot be put back in place, as on AWS. */
  readonly disks?: RegionDisks
}

/** Regions by name. `local` is registered by the composition; any other name is taken for a region of AWS. */
export class RegionRegistry {
  private readonly entries = new Map<string, RegionEntry>()

  register(entry: RegionEntry): this {
    this.entries.set(entry.name, entry)
    return this
  }

  get(name: string): RegionEntry {
    const entry = this.entries.get(name)
    if (entry) return entry
    if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(name)) throw new RegionDoesNotExist(name)
    return awsRegion(name)
  }
}

/** AWS's own entry: nothing to start, the SDK knows the endpoint, sshd is on port 22. */
export function awsRegion(name: string): RegionEntry {
  return { name, sshPort: 22, templateDefaults: {}, ensureRunning: async () => ({}), callerCidr }
}

export class RegionDoesNotExist extends StarClusterError {
  readonly code = 'RegionDoesNotExist'
  constructor(name: string) {
    super(`region ${JSON.stringify(name)} does not exist`, {
      hint: 'use -r local for the local cloud, or a name such as us-east-1',
    })
  }
}
