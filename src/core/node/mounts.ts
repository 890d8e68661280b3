import { sh } from '../ssh/quote.js'
import { type Mount, parseMounts } from './facts.js'
import type { InstanceView } from './instance-view.js'
import type { RemoteNode } from './remote-node.js'
import { runScript } from './scripts/run-script.js'
import { exportToStep, mountStep, nfsServerStep, stopExportingStep } from './scripts/steps.js'

/** What is mounted where, as the kernel of the node tells it. */
export async function getMounts(node: RemoteNode): Promise<Mount[]> {
  return parseMounts((await node.ssh.execute('cat /proc/self/mounts', { sourceProfile: false })).stdout)
}

/** Mounts by device; of several mounts of one device the last. */
export async function getMountMap(node: RemoteNode): Promise<Map<string, Mount>> {
  return new Map((await getMounts(node)).map((mount) => [mount.device, mount]))
}

export async function startNfsServer(node: RemoteNode): Promise<void> {
  await runScript(node.ssh, [nfsServerStep()])
}

/** Exports paths to these nodes; nodes and paths exported before stay exported. */
export async function exportFsToNodes(
  node: RemoteNode,
  nodes: readonly InstanceView[],
  paths: readonly string[],
): Promise<void> {
  const clients = nodes.map(({ privateIpAddress }) => privateIpAddress)
  await runScript(node.ssh, [nfsServerStep(), ...paths.map((path) => exportToStep(path, clients))])
}

/** Takes back what is exported to these nodes: these paths, or all. */
export async function stopExportingFsToNodes(
  node: RemoteNode,
  nodes: readonly InstanceView[],
  paths?: readonly string[],
): Promise<void> {
  const clients = nodes.map(({ privateIpAddress }) => privateIpAddress)
  await runScript(node.ssh, [stopExportingStep(clients, paths)])
}

/** Mounts paths of a server over NFS under the same paths, now and at every boot; mounted ones stay. */
export async function mountNfsShares(
  node: RemoteNode,
  server: Pick<InstanceView, 'alias'>,
  paths: readonly string[],
): Promise<void> {
  await runScript(node.ssh, [mountStep(server.alias, paths)])
}

/** Mounts a device at a path, now and at every boot. */
export async function mountDevice(node: RemoteNode, device: string, path: string): Promise<void> {
  const command = sh`[ -d ${path} ] || mkdir -p ${path}
sc_line /etc/fstab 644 root:root ${`${device} ${path} auto defaults,nofail 0 2`}
mountpoint -q ${path} || { mount ${path}; sc_changed ${path}; }`
  await runScript(node.ssh, [{ name: 'mount', command }])
}
