import type { DiskRoom } from './disk-room.js'
import type { NetworkPolicy } from './network-policy.js'
import type { NodeDisks } from './node-disks.js'
import type { NodeNetwork } from './node-network.js'
import type { NodeVolumes, VolumeAttachment } from './node-volumes.js'
import type { PublicPort } from './public-ports.js'

/** The first boot of a node and every later one: all the engine has to know about an instance. */
export interface NodeSpec {
  /** Instance id; opaque, also the name of the node's directory on disk. */
  readonly id: string
  /** Image layers, topmost first, as directories' ids under the image store. */
  readonly layers: readonly string[]
  /** Address inside 10.78.0.0/16. The MAC address is derived from it. */
  readonly privateIp: string
  /** Host name until something inside the node sets another, e.g. `ip-10-78-0-5`. */
  readonly hostname: string
  /** Address in 127.77.0.0/16 on which the host reaches the node's sshd (at the engine's ssh port); empty: none. */
  readonly publicIp: string
  /** For faults on demand: nothing answers at its ssh port on the host until the next boot. */
  readonly unreachable?: boolean
  /** Size of a new disk; 8 when left out. Applies where disks have a limit. */
  readonly diskGiB?: number
  /** Volumes it sees from this boot on; the engine forgets any other it had. */
  readonly volumes?: readonly VolumeAttachment[]
  readonly limits: { readonly cpus: number; readonly memoryMiB: number; readonly pids: number }
}

export type NodeState = 'absent' | 'stopped' | 'running'

/** What a boot tells when sshd is about to listen. */
export interface BootReport {
  /** True when this disk was booted for the first time (user data runs then only). */
  readonly firstBoot: boolean
}

/**
 * Real Linux machines made of namespaces. One implementation per way of making them; the contract is tested over all.
 * Disks and running nodes outlive the process that holds the engine: `open` adopts what it finds.
 */
export interface NodeEngine {
  /** Brings up what nodes share (holder namespaces, bridge, egress, metadata address) and adopts living nodes. */
  open(): Promise<void>
  /** Lets go without stopping any node; a later `open` finds them again. */
  close(): Promise<void>
  /** Stops and removes every node, disk, namespace, port and the shared parts. Images stay unless asked. */
  reset(options?: { images?: boolean }): Promise<void>

  /** Node ids that have a disk, with their state. */
  list(): Promise<Map<string, NodeState>>
  /** Starts a node, making its disk if it has none. Resolves when its init says READY. Idempotent while running. */
  boot(spec: NodeSpec): Promise<BootReport>
  /** Orderly stop (TERM to PID 1), killed after `timeoutMs`. Disk, host keys and address stay. */
  stop(id: string, options?: { force?: boolean; timeoutMs?: number }): Promise<void>
  /** Stops the node if it runs and deletes its disk. Idempotent. */
  remove(id: string): Promise<void>
  /** Room for disks, where that is known; engines without real disks have no such thing. */
  room?(): Promise<DiskRoom | undefined>
  /** What threatens the nodes there are (a full disk, an image that is gone), a line each, with the way on. */
  troubles?(): Promise<string[]>
  /** Console output so far, all boots, newest last; at most 64 KiB. Empty for an unknown node. */
  console(id: string): Promise<string>
  /** Process, memory (PSS) and disk figures of a node, for `local status`. */
  usage(id: string): Promise<{ processes: number; memoryBytes: number; diskBytes: number }>
  /**
   * Who may speak to whom from now on, between nodes and from the host; in force when it resolves, and for as long as the
   * nodes live. May be told before `open`. Until it is told first, nothing is filtered and sshd is reached.
   */
  setNetworkPolicy(policy: NetworkPolicy): Promise<void>
  /** Ports, besides ssh, on which a node listens and which the host reaches at its public address. */
  publicPorts(id: string): Promise<PublicPort[]>
  /** Called when a node's PID 1 ends without `stop`, `remove` or a reboot asked from outside. */
  onExit(listener: (id: string) => void): void
  /** Named points of disks, and layers made of them. */
  readonly disks: NodeDisks
  /** Missing: disks here have no size of their own that could be used up. */
  readonly fullDisk?: FullDisk
  /** Missing: this way of making nodes cannot change their network. */
  readonly network?: NodeNetwork
  /** Block storage beside the nodes' own disks. */
  readonly volumes: NodeVolumes
  /** Resolves when a running node has mounted what its fstab has of NFS; at the latest after `timeoutMs`. -> whether it has */
  sharesMounted(id: string, timeoutMs?: number): Promise<boolean>
  /** sshd of every node is reached at its public address and this port. */
  readonly sshPort: number
  /**
   * Leading octets of the public addresses this engine forwards, e.g. `127.77.3`: the cloud gives out .1 to .254 below it.
   * Two octets (`127.77`) give 254 x 256 addresses, for engines without real sockets.
   */
  readonly publicPrefix: string
}

/** Uses up what a node's disk has free, without taking it from the host's. */
export interface FullDisk {
  /** @throws LocalCloudError when the node does not run or its disk has no size of its own */
  fill(id: string): Promise<void>
  /** Gives it back. Idempotent. */
  free(id: string): Promise<void>
  freeAll(): Promise<void>
}

/** Answers of the metadata service; the engine's network child asks the daemon per request. */
export interface MetadataSource {
  /** The node that owns a private address, or undefined. */
  instanceAt(privateIp: string): InstanceMetadata | undefined | Promise<InstanceMetadata | undefined>
}

export interface InstanceMetadata {
  readonly instanceId: string
  /** Flat map of metadata paths below /latest/meta-data/, e.g. `placement/availability-zone` -> `local-a`. */
  readonly tree: Readonly<Record<string, string>>
  /** The same below /latest/dynamic/. */
  readonly dynamic: Readonly<Record<string, string>>
  /** The service is switched off for this instance. */
  readonly disabled?: boolean
  /** Raw user data; undefined: 404. */
  readonly userData?: Uint8Array
  /** IMDSv2 only (the default of this cloud). */
  readonly tokenRequired: boolean
}
