import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Cloud, CloudLog, CloudState } from '../cloud.js'
import {
  applyNetworkPolicy,
  beginFaults,
  closeLifecycle,
  diskAct,
  emptyEc2State,
  faultsOf,
  faultText,
  handleEc2,
  hasRole,
  profileAct,
  reconcile,
  storageUse,
} from '../ec2/index.js'
import { LocalCloudError } from '../local-error.js'
import { missingLimits } from '../nodes/missing-limits.js'
import type { LocalPaths } from '../paths.js'
import { BlobStore } from '../s3/blobs.js'
import { s3Handler } from '../s3/handler.js'
import { emptyS3State, referencedFiles } from '../s3/state.js'
import { createCloudServer } from '../server/server.js'
import { handleSsm } from '../ssm/handler.js'
import { CloudStore } from '../store/store.js'
import { handleSts } from '../sts/handler.js'
import { CONTROL_PROTOCOL, programVersion } from '../version.js'
import { controlRoutes } from './control-routes.js'
import { ensureCredentials, type LocalCredentials, writePrivateFile } from './credentials.js'
import type { DaemonInfo } from './daemon-info.js'
import { egressOf } from './egress.js'
import { imageAct } from './image-acts.js'
import { listen } from './listen.js'
import { type LocalMachines, nodeStatuses, openMachines } from './machines.js'
import { NodeApi } from './node-api.js'
import { ownProcessId } from './process-id.js'
import { startNotices } from './start-notices.js'
import type { DaemonReport } from './status.js'
import { canReachOut, NO_WAY_OUT } from './way-out.js'

const REGION = 'local'
const ACCOUNT_ID = '000000000000'

/** The running local cloud: state, machines and wire, from start to stop. */
export class Daemon {
  private readonly notices: string[] = []
  private readonly token = randomBytes(24).toString('hex')
  private readonly started = new Date().toISOString()
  private stopping: Promise<void> | undefined
  private server: Server | undefined
  private port = 0

  private constructor(
    private readonly paths: LocalPaths,
    private readonly log: CloudLog,
    private readonly store: CloudStore<CloudState>,
    private readonly machines: LocalMachines,
    private readonly cloud: Cloud,
    private readonly credentials: LocalCredentials,
    private readonly api: NodeApi,
  ) {}

  /**
   * Resolves when requests are taken and the state agrees with the machines that live.
   * @throws LocalCloudError when something it cannot do without is missing.
   */
  static async start(env: NodeJS.ProcessEnv, paths: LocalPaths, log: CloudLog): Promise<Daemon> {
    const store = await CloudStore.open(paths.state, emptyCloudState)
    checkStateVersion(store.state)
    // Saved before any node is looked at: a start that fails in between must not forget it.
    if (store.notice) store.state.ec2.older = true
    const credentials = await ensureCredentials(paths.credentials)
    const api = new NodeApi((address) => hasRole(cloud, address))
    const machines = await openMachines(env, paths, log, () => cloud, api)
    const cloud: Cloud = {
      region: REGION,
      accountId: ACCOUNT_ID,
      state: store.state,
      commit: () => store.commit(),
      engine: machines.engine,
      log,
      now: () => new Date(),
      roleSecret: credentials.secretAccessKey,
    }
    const daemon = new Daemon(paths, log, store, machines, cloud, credentials, api)
    if (store.notice) daemon.notice(store.notice)
    await daemon.begin()
    return daemon
  }

  /** Lets requests end, saves, lets go of the machines without stopping them. */
  stop(): Promise<void> {
    this.stopping ??= this.end()
    return this.stopping
  }

  private async begin(): Promise<void> {
    const blobs = new BlobStore(this.paths.objects)
    // An older state in use may lack objects that the damaged one had: then nothing is swept.
    if (!this.store.notice) await blobs.sweep(await this.filesInUse())
    await this.machines.image.look()
    await this.machines.systemdImage.look()
    await this.store.commit()
    await applyNetworkPolicy(this.cloud)
    await this.machines.engine.open()
    await this.noticeNoWayOut()
    for (const text of startNotices(await reconcile(this.cloud))) this.notice(text)
    await beginFaults(this.cloud)
    this.server = createCloudServer({
      cloud: this.cloud,
      credentials: this.credentials,
      bodies: blobs,
      isFromNode: (socket) => this.api.isFromNode(socket),
      services: { ec2: handleEc2, s3: s3Handler(blobs), ssm: handleSsm, sts: handleSts },
      control: controlRoutes({
        token: this.token,
        dir: this.paths.dir,
        ping: () => this.ping(),
        report: () => this.report(),
        ensureImage: (onProgress) => this.machines.image.ensure(onProgress),
        imageAct: (act, onProgress, signal) => imageAct(act, this.cloud, this.machines, { onProgress, signal }),
        diskAct: (act) => diskAct(act, this.cloud),
        stop: () => process.emit('SIGTERM'),
        profileAct: (act) => profileAct(act, this.cloud),
        egress: (wanted) => egressOf(this.machines.engine, wanted),
        faults: faultsOf(this.cloud),
      }),
      unsaved: () => this.store.failing !== undefined,
    })
    const { port, taken } = await listen(this.server, this.paths.port)
    this.port = port
    this.api.server = this.server
    if (taken !== undefined) {
      this.notice(`port ${taken} is taken by another program: the local cloud listens on ${port} from now on`)
    }
    await writePrivateFile(this.paths.daemon, `${JSON.stringify(this.info())}\n`)
    this.log.info(`StarCluster ${programVersion()} local cloud at http://127.0.0.1:${port}, process ${process.pid}`)
  }

  private async noticeNoWayOut(): Promise<void> {
    const { egress } = await this.egressReport()
    if (egress !== 'off' && this.machines.kind === 'namespaces' && !(await canReachOut())) this.notice(NO_WAY_OUT)
  }

  private async filesInUse(): Promise<Set<string>> {
    const previous = await CloudStore.readPrevious<CloudState>(this.paths.state)
    return new Set([...referencedFiles(this.store.state.s3), ...(previous?.s3 ? referencedFiles(previous.s3) : [])])
  }

  private async end(): Promise<void> {
    this.log.info('stopping; machines go on')
    await rm(this.paths.daemon, { force: true })
    if (this.server) await closeServer(this.server, 10_000)
    await faultsOf(this.cloud)
      .clear()
      .catch((error: Error) => this.log.warn(`faults: ${error.message}`))
    await closeLifecycle(this.cloud)
    await this.store.commit()
    await this.machines.engine.close()
    this.log.info('stopped')
  }

  private notice(text: string): void {
    this.notices.push(text)
    this.log.warn(text)
  }

  private info(): DaemonInfo {
    const { sshPort } = this.machines.engine
    const { port, token, started } = this
    return {
      process: ownProcessId(),
      port,
      sshPort,
      version: programVersion(),
      protocol: CONTROL_PROTOCOL,
      token,
      started,
    }
  }

  private async ping() {
    const imageReady = await this.machines.image.isReady()
    return { version: programVersion(), protocol: CONTROL_PROTOCOL, imageReady }
  }

  private async egressReport(): Promise<Pick<DaemonReport, 'egress'>> {
    // Machines of an older version are no reason to show nothing.
    const egress = await egressOf(this.machines.engine).catch(() => undefined)
    return egress ? { egress } : {}
  }

  private async report(): Promise<DaemonReport> {
    return {
      ...(await this.ping()),
      pid: process.pid,
      port: this.port,
      sshPort: this.machines.engine.sshPort,
      started: this.started,
      memoryBytes: process.memoryUsage.rss(),
      engine: this.machines.kind,
      notices: [...this.notices, ...((await this.machines.engine.troubles?.()) ?? [])],
      unlimited: this.machines.kind === 'namespaces' ? await missingLimits() : [],
      ...(await this.egressReport()),
      faults: faultsOf(this.cloud).list().map(faultText),
      nodes: await nodeStatuses(this.machines.engine),
      ...(await storageUse(this.cloud)),
    }
  }
}

function emptyCloudState(): CloudState {
  return { version: 1, ec2: emptyEc2State(), s3: emptyS3State() }
}

/** New connections are refused at once; requests in flight may end within the deadline. */
function closeServer(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), timeoutMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** A state of a newer program must not be read as if we understood it. */
function checkStateVersion(state: CloudState): void {
  if (state.version === 1) return
  throw new LocalCloudError('StateTooNew', `the local cloud's state is of version ${String(state.version)}`, {
    hint: 'use the newer StarCluster that wrote it',
  })
}
