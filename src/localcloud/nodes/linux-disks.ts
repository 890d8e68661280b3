import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { cleanImageLayer } from './clean-layer.js'
import { type DiskChain, newUpper, readChain, readSnapshots, writeChain, writeSnapshots } from './disk-chain.js'
import { type DiskPaths, makePassage } from './disk-paths.js'
import { guestDir } from './guest-dir.js'
import { mustRunHost } from './host-command.js'
import { giveToNodeRoot } from './ids.js'
import { importRoot } from './import-root.js'
import { requireLayers } from './layer-check.js'
import { diskLayers } from './node-disk.js'
import type { DiskSnapshot, ImportedLayer, ImportOptions, NodeDisks } from './node-disks.js'
import { mustHaveOwnRoot, removeTrees } from './own-root.js'
import { KEPT_LAYERS, layersInUse } from './package-lists.js'
import type { Supervisor } from './supervisor.js'

/** More frozen layers than this are put together into one: a mount has room for some sixty names. */
const CHAIN_LIMIT = 12

/** Disks as stacks of overlay directories, mounted in the holder. */
export class LinuxDisks implements NodeDisks {
  constructor(
    private readonly paths: DiskPaths,
    private readonly supervisor: () => Promise<Supervisor>,
  ) {}

  async snapshot(id: string, name: string): Promise<void> {
    const dir = this.paths.node(id)
    const chain = await readChain(dir, id)
    const snapshots = await readSnapshots(dir)
    if (snapshots.some((one) => one.name === name)) {
      throw new LocalCloudError('SnapshotExists', `there is a snapshot ${name} of machine ${id} already`)
    }
    const fs = await this.mounted(id) // from here on the upper directory exists
    const frozen = await this.shorten(fs, [chain.upper, ...chain.frozen])
    await this.unmount(id)
    await writeChain(dir, id, { ...chain, upper: newUpper(), frozen })
    await writeSnapshots(dir, [...snapshots, { name, created: new Date().toISOString(), frozen }])
  }

  async rollback(id: string, name: string): Promise<void> {
    const dir = this.paths.node(id)
    const snapshot = (await readSnapshots(dir)).find((one) => one.name === name)
    if (!snapshot) throw noSnapshot(id, name)
    const chain = await readChain(dir, id)
    await this.unmount(id)
    await writeChain(dir, id, { ...chain, upper: newUpper(), frozen: snapshot.frozen })
    await this.discardUnused(id)
  }

  async snapshots(id: string): Promise<DiskSnapshot[]> {
    return (await readSnapshots(this.paths.node(id))).map(({ name, created }) => ({ name, created }))
  }

  async forget(id: string, name: string): Promise<void> {
    const dir = this.paths.node(id)
    const snapshots = await readSnapshots(dir)
    if (!snapshots.some((one) => one.name === name)) throw noSnapshot(id, name)
    await writeSnapshots(
      dir,
      snapshots.filter((one) => one.name !== name),
    )
    await this.discardUnused(id)
  }

  async capture(id: string, layer: string): Promise<string> {
    const chain = await readChain(this.paths.node(id), id)
    const fs = await this.mounted(id)
    const work = this.workDir('capture')
    const name = `${this.ownPrefix()}${layer}`
    try {
      await makePassage(this.paths.images, this.paths.layers, work)
      const tree = await this.emptyTree(work)
      await this.merge('copy', tree, [...chain.frozen].reverse().concat(chain.upper), fs)
      await cleanImageLayer(tree)
      await rename(tree, join(this.paths.layers, name))
    } finally {
      await removeTrees(work)
    }
    return name
  }

  async importTar(file: string, layer: string, options: ImportOptions = {}): Promise<ImportedLayer> {
    await mustHaveOwnRoot()
    const work = this.workDir('import')
    const name = `${this.ownPrefix()}${layer}`
    try {
      await makePassage(this.paths.images, this.paths.layers, work)
      const { tree, distribution } = await importRoot(file, work, options)
      await rename(tree, join(this.paths.layers, name))
      return { layer: name, distribution }
    } finally {
      await removeTrees(work)
    }
  }

  async layers(): Promise<string[]> {
    const names = await readdir(this.paths.layers).catch(() => [])
    return names.filter((name) => name.startsWith(this.ownPrefix()))
  }

  async removeLayer(id: string): Promise<void> {
    if (!id.startsWith(this.ownPrefix()) || id.includes('/')) return
    // A disk may stand on it that nobody knows any more: it stays as long as that one.
    if ((await layersInUse(dirname(this.paths.home))).has(id)) return
    await removeTrees(join(this.paths.layers, id))
  }

  async keep(layers: readonly string[]): Promise<void> {
    const shared = layers.filter((layer) => !isHomeLayer(layer)).sort()
    const file = join(this.paths.home, KEPT_LAYERS)
    const text = shared.map((layer) => `${layer}\n`).join('')
    if (text === (await readFile(file, 'utf8').catch(() => ''))) return
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }

  /** What an engine of this home left that was killed at work. Only for when nothing is under way. */
  async removeRemains(): Promise<void> {
    const names = await readdir(this.paths.images).catch(() => [])
    const own = names.filter(
      (name) => /^(?:capture|import)-/.test(name) && name.includes(`-${basename(this.paths.home)}-`),
    )
    await removeTrees(...own.map((name) => join(this.paths.images, name)))
  }

  private workDir(act: 'capture' | 'import'): string {
    return join(this.paths.images, `${act}-${basename(this.paths.home)}-${randomBytes(6).toString('hex')}`)
  }

  /** The layers directory is shared by all homes of a user. */
  private ownPrefix(): string {
    return `image-${basename(this.paths.home)}-`
  }

  private async emptyTree(work: string): Promise<string> {
    const tree = join(work, 'tree')
    await mkdir(tree, { mode: 0o755 })
    await giveToNodeRoot(tree)
    return tree
  }

  /** @param names directories of the disk's file system, lowest first */
  private async merge(how: 'copy' | 'link', target: string, names: readonly string[], fs: string): Promise<void> {
    const { holderPid } = await this.supervisor()
    const script = join(guestDir(), 'host', 'merge-layers.pl')
    const layers = names.map((name) => join(fs, name))
    await mustRunHost('perl', [script, String(holderPid), how, target, ...layers])
  }

  /** Puts a long chain together into one directory; hard links, so no data is copied. */
  private async shorten(fs: string, frozen: readonly string[]): Promise<readonly string[]> {
    if (frozen.length <= CHAIN_LIMIT) return frozen
    const flat = `flat-${randomBytes(6).toString('hex')}`
    await this.inFs('mkdir', ['-m', '755', join(fs, flat)])
    await this.merge('link', join(fs, flat), [...frozen].reverse(), fs)
    return [flat]
  }

  /** Has the disk mounted in the holder. -> its file system as the host reaches it */
  private async mounted(id: string): Promise<string> {
    const supervisor = await this.supervisor()
    const lower = (await diskLayers(this.paths.node(id))) ?? ''
    await requireLayers(this.paths.layers, lower)
    await supervisor.request('hold', { id, lower })
    return `/proc/${supervisor.holderPid}/root/disks/nodes/${id}/fs`
  }

  private async unmount(id: string): Promise<void> {
    await (await this.supervisor()).request('release', { id })
  }

  /** Deletes what neither the disk nor a snapshot of it is made of any more. */
  private async discardUnused(id: string): Promise<void> {
    const dir = this.paths.node(id)
    const fs = await this.mounted(id)
    const chain: DiskChain = await readChain(dir, id)
    const used = new Set(['work', 'lost+found', chain.upper, ...chain.frozen])
    for (const { frozen } of await readSnapshots(dir)) for (const name of frozen) used.add(name)
    const there = (await this.inFs('ls', ['-A', fs])).split('\n').filter(Boolean)
    const unused = there.filter((name) => !used.has(name)).map((name) => join(fs, name))
    if (unused.length > 0) await this.inFs('rm', ['-rf', '--', ...unused])
  }

  /** Runs a host program as root of the nodes. */
  private async inFs(command: string, args: readonly string[]): Promise<string> {
    const { holderPid } = await this.supervisor()
    return mustRunHost('perl', [join(guestDir(), 'host', 'in-holder.pl'), String(holderPid), command, ...args])
  }
}

/** Whether a layer was captured or imported in a home, and so is not one that all homes share. */
export const isHomeLayer = (layer: string) => layer.startsWith('image-')

const noSnapshot = (id: string, name: string) =>
  new LocalCloudError('SnapshotDoesNotExist', `there is no snapshot ${name} of machine ${id}`)
