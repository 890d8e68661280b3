import type { CloudLog } from '../../cloud.js'
import type { InstanceMetadata } from '../engine.js'
import type { NetworkPolicy } from '../network-policy.js'

/** What the program in the container is told first. */
export interface ContainerEngineSettings {
  /** Names the home among those whose disks are in the same volume. */
  readonly home: string
  readonly diskRoot: string
  readonly network: string
  readonly sshPort: number
  readonly egress: boolean
  /** As told last. */
  readonly policy?: NetworkPolicy
  /** A port of ours at 127.0.0.1 which says `secret` to whoever connects. */
  readonly probe: { readonly port: number; readonly secret: string }
}

/** What the daemon answers to the program in the container, below `daemon.`. */
export interface DaemonSide {
  instanceAt(privateIp: string): Promise<InstanceMetadata | undefined>
  exited(id: string): Promise<void>
  log(level: keyof CloudLog, message: string): Promise<void>
  progress(line: string): Promise<void>
}

/** What it answers, besides the methods of a NodeEngine below `engine.` and of an ImageStore below `images.`. */
export interface ContainerSide {
  /** -> leading octets of the public addresses. @throws LocalCloudError ContainerElsewhere, NamespacesRefused */
  open(settings: ContainerEngineSettings): Promise<string>
}
