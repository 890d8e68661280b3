/** Settings that replace the template's for one start. */
export interface StartOverrides {
  readonly clusterSize?: number
  readonly clusterUser?: string
  readonly clusterShell?: string
  readonly masterImageId?: string
  readonly nodeImageId?: string
  readonly masterInstanceType?: string
  /** Type of the workers that no counted type in the template covers. */
  readonly nodeInstanceType?: string
  readonly availabilityZone?: string
  /** The most to pay for an instance, in US dollars an hour: the workers are spot instances. */
  readonly spotBid?: number
  /** The master too. */
  readonly forceSpotMaster?: boolean
  readonly keyname?: string
  /** File of the private key. */
  readonly keyLocation?: string
  readonly userdataScript?: readonly string[]
  readonly dnsPrefix?: boolean
  /** User with sudo that the image lets in instead of root. */
  readonly imageUser?: string
  readonly subnetId?: string
  readonly publicIps?: boolean
  /** Who may reach ssh, e.g. `198.51.100.0/24`. */
  readonly sshCidr?: string
  /** No spot instances, whatever the template says. */
  readonly onDemand?: boolean
  /** Seconds after which the cluster ends by itself. */
  readonly ttl?: number
  /** It cannot be terminated before that is lifted. */
  readonly protected?: boolean
  /** Names of volumes, instead of the template's. */
  readonly volumes?: readonly string[]
  /** Names of plugins, instead of the template's. */
  readonly plugins?: readonly string[]
}

export interface StartOptions {
  /** Name of the template; default: the config's, else the built-in one. */
  readonly template?: string
  readonly overrides?: StartOverrides
  /** false: use the existing instances, resume a stopped cluster or finish an interrupted start. Default true. */
  readonly create?: boolean
  /** Launch (or start) the instances and return: no waiting, no set-up. */
  readonly createOnly?: boolean
  /** Check everything and return a cluster that does not exist. */
  readonly validateOnly?: boolean
  readonly signal?: AbortSignal
}
