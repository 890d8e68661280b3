import { createHash, randomBytes } from 'node:crypto'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { guestDir } from './guest-dir.js'
import { giveToNodeRoot } from './ids.js'
import { type Init, SYSTEMD_MARKER } from './image-recipe.js'

/** What a kind of node gets: directories below `guest`, the later over the earlier; links by their targets. */
interface GuestParts {
  readonly sources: readonly string[]
  readonly leftOut: (path: string) => boolean
  readonly links: Readonly<Record<string, string>>
}

/** Names by which a program of the guest layer is known as well. */
const MOUNT_LINKS = {
  'usr/sbin/mount.nfs4': 'mount.nfs',
  'usr/sbin/mount.ext2': 'mount.ext4',
  'usr/sbin/mount.ext3': 'mount.ext4',
  'usr/sbin/mount.xfs': 'mount.ext4',
  'usr/local/sbin/xfs_growfs': 'resize2fs',
}

/** What systemd itself has, or cannot do in a node: devices, kernel file systems, a network of its own making. */
const OF_SYSTEMD =
  /^usr\/(bin\/systemctl|sbin\/(init|runlevel|shutdown)|local\/bin\/journalctl|lib\/starcluster\/\w+\.pl)$/
const MASKED = [
  'systemd-networkd.service',
  'systemd-networkd.socket',
  'systemd-networkd-wait-online.service',
  'systemd-resolved.service',
  'networking.service',
  'ssh.socket',
  'console-getty.service',
  'getty@.service',
  'serial-getty@.service',
  'modprobe@.service',
  'systemd-modules-load.service',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-kernel-config.mount',
  'sys-fs-fuse-connections.mount',
  'dev-hugepages.mount',
  'proc-fs-nfsd.mount',
  'run-rpc_pipefs.mount',
  'rpcbind.service',
  'rpcbind.socket',
  'rpc-statd.service',
  'rpc-statd-notify.service',
  'nfs-blkmap.service',
  'nfs-idmapd.service',
  'nfs-mountd.service',
  'nfsdcld.service',
  'e2scrub_reap.service',
  'e2scrub_all.timer',
]
const UNITS = 'etc/systemd/system'

const PARTS: Readonly<Record<Init, GuestParts>> = {
  shell: {
    sources: ['root'],
    leftOut: () => false,
    links: {
      ...MOUNT_LINKS,
      'usr/sbin/reboot': 'shutdown',
      'usr/sbin/poweroff': 'shutdown',
      'usr/sbin/halt': 'shutdown',
      'usr/sbin/telinit': 'init',
    },
  },
  systemd: {
    sources: ['root', 'systemd'],
    leftOut: (path) => OF_SYSTEMD.test(path),
    links: {
      ...MOUNT_LINKS,
      ...Object.fromEntries(MASKED.map((unit) => [`${UNITS}/${unit}`, '/dev/null'])),
      [`${UNITS}/nfs-kernel-server.service`]: 'nfs-server.service',
      [`${UNITS}/multi-user.target.wants/ssh.service`]: '/lib/systemd/system/ssh.service',
      [`${UNITS}/multi-user.target.wants/starcluster-first-boot.service`]: '../starcluster-first-boot.service',
      [`${UNITS}/local-fs.target.wants/starcluster-volumes.service`]: '../starcluster-volumes.service',
    },
  },
}

/** What is process 1 of the nodes made of these layers. */
export async function initOf(layersDir: string, layers: readonly string[]): Promise<Init> {
  const marked = await Promise.all(layers.map((layer) => exists(join(layersDir, layer, SYSTEMD_MARKER))))
  return marked.includes(true) ? 'systemd' : 'shell'
}

/** Who is asked for names, in this order, and where names without a dot are looked for. */
interface GuestNames {
  readonly domain: string
  readonly nameServers: readonly string[]
}

const resolvConfOf = ({ domain, nameServers }: GuestNames) =>
  [`search ${domain}`, ...nameServers.map((address) => `nameserver ${address}`), ''].join('\n')

/**
 * Puts the programs that make a file system tree a node (init, mount.nfs, ...) into a layer of their own, named after
 * their content: a new version is used by new disks, old disks keep theirs. -> layer id
 */
export async function ensureGuestLayer(layersDir: string, names: GuestNames, init: Init = 'shell'): Promise<string> {
  const { links } = PARTS[init]
  const files = await guestFiles(init)
  const resolvConf = resolvConfOf(names)
  const hash = createHash('sha256').update(JSON.stringify(links)).update(resolvConf)
  for (const [path, source] of [...files].sort()) hash.update(path).update(await readFile(source))
  const id = `guest-${hash.digest('hex').slice(0, 12)}`
  const target = join(layersDir, id)
  if (await exists(target)) return id
  const work = join(dirname(layersDir), `guest-${randomBytes(6).toString('hex')}`)
  try {
    for (const [path, source] of files) await cp(source, await place(work, path))
    for (const [path, to] of Object.entries(links)) await symlink(to, await place(work, path))
    await writeFile(await place(work, 'etc/resolv.conf'), resolvConf)
    await normaliseModes(work)
    await giveToNodeRoot(work)
    await rename(work, target)
  } catch (error) {
    if (!(await exists(target))) throw error
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return id
}

/** Path in the node -> file of ours. */
async function guestFiles(init: Init): Promise<Map<string, string>> {
  const { sources, leftOut } = PARTS[init]
  const files = new Map<string, string>()
  for (const source of sources.map((name) => join(guestDir(), name))) {
    for (const path of await readdir(source, { recursive: true })) {
      if (!leftOut(path) && (await stat(join(source, path))).isFile()) files.set(path, join(source, path))
    }
  }
  return files
}

async function place(dir: string, path: string): Promise<string> {
  const at = join(dir, path)
  await mkdir(dirname(at), { recursive: true })
  return at
}

const exists = (path: string) =>
  stat(path)
    .then(() => true)
    .catch(() => false)

/** Modes as in a package: a checkout's depend on the umask of whoever cloned it. */
async function normaliseModes(dir: string): Promise<void> {
  await chmod(dir, 0o755)
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) await normaliseModes(path)
    else if (entry.isFile()) await chmod(path, (await readFile(path, 'utf8')).startsWith('#!') ? 0o755 : 0o644)
  }
}
