import type { Fault } from '../ec2/fault-kinds.js'
import type { StorageUse } from '../ec2/index.js'

/** Short answer of a running daemon, asked before every use of the local cloud. */
export interface DaemonPing {
  readonly version: string
  readonly protocol: number
  /** False until the base image is built: machines cannot start before. */
  readonly imageReady: boolean
}

export interface NodeStatus {
  /** Instance id */
  readonly id: string
  readonly state: 'stopped' | 'running'
  readonly processes: number
  /** PSS, bytes; 0 when stopped */
  readonly memoryBytes: number
  readonly diskBytes: number
  /** Ports, besides ssh, that this computer reaches at the machine's public address. */
  readonly ports: readonly { readonly port: number; readonly publicIp: string; readonly publicPort: number }[]
}

/** `impossible`: on, but this computer cannot give it. */
export type EgressState = 'on' | 'off' | 'impossible'

/** What `starcluster local status` shows of a running daemon. */
export interface DaemonReport extends DaemonPing {
  readonly pid: number
  readonly port: number
  readonly sshPort: number
  /** ISO 8601 */
  readonly started: string
  /** Resident memory of the daemon, bytes */
  readonly memoryBytes: number
  /** What machines are made with; `null`: records only, for tests. */
  readonly engine: 'namespaces' | 'docker' | 'podman' | 'null'
  /** What machines can take of this computer without a limit, in words; older daemons do not say. */
  readonly unlimited?: readonly string[]
  /** What the user should know: an older state in use, another port than before. */
  readonly notices: readonly string[]
  /** The machines' way to what this computer reaches; missing: this engine has no such switch. */
  readonly egress?: EgressState
  /** What goes wrong on demand, a line each. */
  readonly faults: readonly string[]
  readonly nodes: readonly NodeStatus[]
  readonly volumes: readonly StorageUse[]
  readonly snapshots: readonly StorageUse[]
}

/** Answer to /_starcluster/faults: what is injected then. */
export type FaultsAnswer =
  | readonly Fault[]
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

/** Answer to POST /_starcluster/profiles: all ARNs. */
export type ProfilesAnswer =
  | { readonly profiles: readonly string[] }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

/** Answer to GET and POST /_starcluster/egress. */
export type EgressAnswer =
  | { readonly egress: EgressState }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

/** Answer to POST /_starcluster/disks. */
export type DisksAnswer =
  | { readonly snapshots: readonly { readonly name: string; readonly created: string }[] }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

/** Body of POST /_starcluster/images. */
export type ImageAct =
  | { readonly act: 'import'; readonly file: string; readonly name?: string }
  | { readonly act: 'build' | 'rebuild' | 'refresh'; readonly systemd?: boolean }

/** An image as the command line tells of it. */
export interface MadeImage {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** Lines of the answers to POST /_starcluster/image, /image/systemd and /images: progress until one of the last two. */
export type ImageLine =
  | { readonly progress: string }
  | { readonly done: true; readonly image?: MadeImage | undefined }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }
