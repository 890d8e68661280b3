import { createHash, randomBytes } from 'node:crypto'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { guestDir } from './guest-dir.js'
import { giveToNodeRoot } from './ids.js'

/** Names by which a program of the guest layer is known as well. */
const LINKS: Readonly<Record<string, string>> = {
  'usr/sbin/reboot': 'shutdown',
  'usr/sbin/poweroff': 'shutdown',
  'usr/sbin/halt': 'shutdown',
  'usr/sbin/telinit': 'init',
  'usr/sbin/mount.nfs4': 'mount.nfs',
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
export async function ensureGuestLayer(layersDir: string, names: GuestNames): Promise<string> {
  const source = join(guestDir(), 'root')
  const resolvConf = resolvConfOf(names)
  const hash = createHash('sha256').update(JSON.stringify(LINKS)).update(resolvConf)
  for (const path of (await readdir(source, { recursive: true })).sort()) {
    if ((await stat(join(source, path))).isFile()) hash.update(path).update(await readFile(join(source, path)))
  }
  const id = `guest-${hash.digest('hex').slice(0, 12)}`
  const target = join(layersDir, id)
  if (await exists(target)) return id
  const work = join(dirname(layersDir), `guest-${randomBytes(6).toString('hex')}`)
  try {
    await cp(source, work, { recursive: true })
    for (const [path, to] of Object.entries(LINKS)) await symlink(to, join(work, path))
    await mkdir(join(work, 'etc'), { recursive: true })
    await writeFile(join(work, 'etc/resolv.conf'), resolvConf)
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
