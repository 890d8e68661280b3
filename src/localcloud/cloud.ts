import type { Readable } from 'node:stream'
import type { Ec2State } from './ec2/state.js'
import type { NodeEngine } from './nodes/engine.js'
import type { S3State } from './s3/state.js'
import type { RoleSession } from './sts/role-credentials.js'

/** Everything that must survive the daemon: plain JSON data, changed only by the daemon. */
export interface CloudState {
  readonly version: 1
  ec2: Ec2State
  s3: S3State
}

/** What a handler works with. */
export interface Cloud {
  readonly region: string
  readonly accountId: string
  readonly state: CloudState
  /** Resolves when all changes made to `state` so far are on disk. A request is answered only after this. */
  commit(): Promise<void>
  readonly engine: NodeEngine
  readonly log: CloudLog
  now(): Date
  /** With which credentials of roles are made; missing: none are given out. */
  readonly roleSecret?: string
}

export interface CloudLog {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** A request after the signature was checked; `service` comes from its credential scope. */
export interface CloudRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The body of an object, where it is in a file instead; whoever asks for it keeps or drops it. */
  readonly spooled?: SpooledBody
  readonly accessKeyId: string
  /** Whose temporary credentials signed it; missing: the cloud's own key. */
  readonly session?: RoleSession
}

export interface CloudResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Readable
}

/** Where bodies that are too large for memory go as they come. */
export interface BodyStore {
  begin(): Promise<BodyFile>
}

/** A file that is written; without `keep` it is gone after the next start at the latest. */
export interface BodyFile {
  write(bytes: Uint8Array): Promise<void>
  /** @returns its name. It is on the disk. */
  keep(): Promise<string>
  /** Removes it, if it was not kept. */
  drop(): Promise<void>
}

export interface SpooledBody {
  readonly file: BodyFile
  readonly size: number
  /** Hexadecimal. */
  readonly md5: string
}

/** One AWS service of this cloud. */
export type ServiceHandler = (request: CloudRequest, cloud: Cloud) => Promise<CloudResponse>
