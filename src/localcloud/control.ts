import { askDisks, askImage, askReport } from './daemon/control-client.js'
import { readCredentials } from './daemon/credentials.js'
import type { DaemonInfo } from './daemon/daemon-info.js'
import { findDaemon } from './daemon/find-daemon.js'
import { readWholeLog } from './daemon/log-file.js'
import { type StartOptions, startDaemon } from './daemon/start-daemon.js'
import type { DaemonReport } from './daemon/status.js'
import type { DiskAct } from './ec2/index.js'
import { LocalCloudError } from './local-error.js'
import { type LocalPaths, localPaths } from './paths.js'
import { CONTROL_PROTOCOL, programVersion } from './version.js'

export { resetLocalCloud, stopDaemon } from './daemon/end-daemon.js'
export type { DaemonReport, NodeStatus } from './daemon/status.js'
export type { StorageUse } from './ec2/index.js'
export { type LocalPaths, localPaths } from './paths.js'

/** How a client reaches the local cloud. */
export interface LocalCloudAccess {
  /** Base URL of EC2, S3 and STS alike */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** sshd of every machine is at its public address and this port. */
  readonly sshPort: number
}

export interface EnsureOptions extends StartOptions {
  /** Do not wait for the base image: enough to look, stop and terminate. */
  readonly withoutImage?: boolean
}

/**
 * Makes the local cloud run and tells how to reach it; some milliseconds when it runs. Any number of callers at once
 * end up with one daemon.
 * @throws LocalCloudError when it cannot start, says why with the last lines of its log.
 */
export async function ensureDaemon(options: EnsureOptions): Promise<LocalCloudAccess> {
  const paths = localPaths(options.env)
  const { info, ping } = (await findDaemon(paths, options.signal)) ?? (await startDaemon(paths, options))
  refuseIncompatible(info)
  if (!ping.imageReady && !options.withoutImage) await waitForImage(info, options)
  const credentials = await readCredentials(paths.credentials)
  if (!credentials) {
    throw new LocalCloudError('CredentialsMissing', `${paths.credentials} is gone while the local cloud runs`, {
      hint: 'starcluster local stop; the next command makes new ones',
    })
  }
  return { endpoint: `http://127.0.0.1:${info.port}`, ...credentials, sshPort: info.sshPort }
}

export type DaemonStatus =
  | ({ readonly running: true; readonly endpoint: string; readonly paths: LocalPaths } & DaemonReport)
  | { readonly running: false; readonly paths: LocalPaths }

/** Looks, and starts nothing. */
export async function daemonStatus(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<DaemonStatus> {
  const paths = localPaths(env)
  const found = await findDaemon(paths, signal)
  if (!found) return { running: false, paths }
  const report = await askReport(found.info, { signal })
  return { running: true, endpoint: `http://127.0.0.1:${found.info.port}`, paths, ...report }
}

export type { DiskAct } from './ec2/index.js'

/**
 * Snapshots of machines' disks: makes one, goes back to one, forgets one or only lists. Resolves when machines that had
 * to stop for it are reached again.
 * @returns the snapshots that all of the machines have now, oldest first
 * @throws LocalCloudError as the daemon says
 */
export async function actOnDisks(
  env: NodeJS.ProcessEnv,
  act: DiskAct,
  signal?: AbortSignal,
): Promise<readonly { readonly name: string; readonly created: string }[]> {
  await ensureDaemon({ env, ...(signal ? { signal } : {}), withoutImage: true })
  const found = await findDaemon(localPaths(env), signal)
  if (!found) throw new LocalCloudError('DaemonGone', 'the local cloud ended while it was asked')
  const answer = await askDisks(found.info, act, { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new LocalCloudError('DaemonGone', 'the local cloud ended before this was done for all machines', {
      cause,
      hint: 'run the command again; the machines start by themselves',
    })
  })
  if ('error' in answer) throw new LocalCloudError(answer.error.code, answer.error.message, { hint: answer.error.hint })
  return answer.snapshots
}

/** The daemon's log, the older file of the two first. Empty when it never ran. */
export async function readDaemonLog(env: NodeJS.ProcessEnv): Promise<string> {
  return readWholeLog(localPaths(env))
}

function refuseIncompatible(info: DaemonInfo): void {
  if (info.protocol === CONTROL_PROTOCOL) return
  throw new LocalCloudError(
    'DaemonIncompatible',
    `the local cloud that runs is of StarCluster ${info.version}, which version ${programVersion()} cannot talk to`,
    { hint: 'starcluster local stop; its machines go on, and the next command starts the new one' },
  )
}

async function waitForImage(info: DaemonInfo, options: EnsureOptions): Promise<void> {
  const end = await askImage(info, options.onProgress ?? (() => undefined), { signal: options.signal })
  if ('error' in end) throw new LocalCloudError(end.error.code, end.error.message, { hint: end.error.hint })
}
