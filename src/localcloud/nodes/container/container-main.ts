// Runs in the container, started by the daemon over `docker exec`: makes the machines there with the namespaces engine.
// Ends when its input does; machines go on.
import { once } from 'node:events'
import net from 'node:net'
import type { CloudLog } from '../../cloud.js'
import { LocalCloudError } from '../../local-error.js'
import { type BaseImage, ImageStore } from '../images.js'
import { LinuxNodeEngine } from '../linux-engine.js'
import { namespacesComplaint } from '../namespaces.js'
import { withSystemd } from '../systemd-image.js'
import type { ContainerEngineSettings, ContainerSide, DaemonSide } from './container-protocol.js'
import { Peer, remote, serveObjects } from './peer.js'

const objects: Record<string, unknown> = {}
const peer = new Peer(process.stdin, process.stdout, serveObjects(objects))
const daemon = remote<DaemonSide>((name, args) => peer.call(name, args), 'daemon')
const ignore = () => undefined
const say = (level: keyof CloudLog) => (message: string) => void daemon.log(level, message).catch(ignore)
const log: CloudLog = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }

objects.container = { open } satisfies ContainerSide
let engine: LinuxNodeEngine | undefined

async function open(settings: ContainerEngineSettings): Promise<string> {
  await mustShareNetwork(settings.probe)
  const complaint = await namespacesComplaint()
  if (complaint !== undefined) {
    const hint = 'use an engine with all rights of root (not a rootless one)'
    throw new LocalCloudError('NamespacesRefused', `the engine's kernel refuses namespaces: ${complaint}`, { hint })
  }
  const { home, diskRoot, network, sshPort, egress, policy } = settings
  engine = new LinuxNodeEngine({
    stateDir: `/homes/${home}`,
    diskRoot,
    network,
    sshPort,
    egress,
    metadata: { instanceAt: (privateIp) => daemon.instanceAt(privateIp) },
    log,
  })
  engine.onExit((id) => void daemon.exited(id).catch(ignore))
  const store = new ImageStore(diskRoot)
  const progress = (line: string) => void daemon.progress(line).catch(ignore)
  objects.engine = engine
  objects.images = imagesOf(store, progress)
  objects.systemdImages = imagesOf(withSystemd(store), progress)
  if (policy) await engine.setNetworkPolicy(policy)
  await engine.open()
  return engine.publicPrefix
}

/** The same with progress told over the connection. */
const imagesOf = (images: ReturnType<typeof withSystemd> | ImageStore, progress: (line: string) => void) => ({
  base: () => images.base(),
  list: () => images.list(),
  isComplete: (image: BaseImage) => images.isComplete(image),
  refreshLists: (image: BaseImage) => images.refreshLists(image),
  ensureBase: () => images.ensureBase(progress),
  rebuildBase: () => images.rebuildBase(progress),
})

/** Machines are reached at loopback addresses of the computer on which the daemon runs. */
async function mustShareNetwork({ port, secret }: ContainerEngineSettings['probe']): Promise<void> {
  const socket = net.connect(port, '127.0.0.1').on('error', ignore)
  const said = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) }).then(String, () => '')
  socket.destroy()
  if (said === secret) return
  throw new LocalCloudError('ContainerElsewhere', "the engine's containers do not have this computer's network", {
    hint: 'run starcluster on the computer, or in the virtual machine, where the container engine itself runs',
  })
}

process.stdin.once('end', () => {
  const end = () => process.exit(0)
  Promise.resolve(engine?.close()).then(end, end)
})
