import { access, chown, constants, mkdir, readdir, readFile, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { withoutAside } from './cgroup-places.js'

// A control group (version 2) that a node may divide further, which systemd needs: the node's first process joins it, and
// its root owns it. See "Delegation" in docs.kernel.org/admin-guide/cgroup-v2.html.

const FILES = ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']

/** How one gets a group. An ordinary user's machines are in that in which their supervisor was started, until a reset. */
export const ownCgroupHint = (): string =>
  process.getuid?.() === 0
    ? 'mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified'
    : 'starcluster local reset; then begin in a group of yours: systemd-run --user --scope -p Delegate=yes starcluster start ...'

/**
 * The group below which nodes can have groups of their own: the top for root, else the one that the supervisor is in.
 *
 * @param supervisor pid of the process that starts nodes
 * @throws LocalCloudError SystemdRefused: there is none, or it is not ours
 */
export async function ownCgroupParent(key: string, supervisor: number | 'self'): Promise<string> {
  const mount = await cgroup2Mount()
  if (mount === undefined) throw refused('cgroup version 2 is not mounted')
  if (process.getuid?.() === 0) return join(mount, `starcluster-${key}`)
  const text = await readFile(`/proc/${supervisor}/cgroup`, 'utf8').catch(() => '')
  const path = /^0::(.*)$/m.exec(text)?.[1]
  if (path === undefined) throw refused('the local cloud is in no control group of version 2')
  const group = join(mount, withoutAside(path))
  for (const file of [group, join(group, 'cgroup.procs')]) {
    await access(file, constants.W_OK).catch(() => {
      throw refused(`the control group ${group} is not yours`)
    })
  }
  return join(group, `starcluster-${key}`)
}

/** Makes a node's group below that and gives it to the node's root. -> its directory */
export async function makeOwnCgroup(parent: string, id: string, owner: number): Promise<string> {
  const dir = join(parent, id)
  await mkdir(dir, { recursive: true })
  for (const path of ['', ...FILES]) await chown(join(dir, path), owner, owner)
  return dir
}

/** Removes a group with those that the node made in it, and its parent when it was the last. */
export async function removeOwnCgroup(dir: string): Promise<void> {
  await removeGroups(dir)
  await rmdir(dirname(dir)).catch(() => undefined)
}

/** Removes a control group and all below it. The kernel needs a moment after the last process of one is gone. */
export async function removeGroups(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await removeGroups(join(dir, entry.name))
  for (let attempt = 0; ; attempt++) {
    try {
      await rmdir(dir)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      if (code !== 'EBUSY' || attempt === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** Pids in a control group and all below it. */
export async function pidsBelow(dir: string): Promise<number[]> {
  const text = await readFile(join(dir, 'cgroup.procs'), 'utf8').catch(() => '')
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => pidsBelow(join(dir, entry.name)))
  return [...text.split('\n').filter(Boolean).map(Number), ...(await Promise.all(below)).flat()]
}

async function cgroup2Mount(): Promise<string | undefined> {
  const table = await readFile('/proc/self/mounts', 'utf8').catch(() => '')
  return table
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type]) => type === 'cgroup2')?.[1]
}

const refused = (why: string) =>
  new LocalCloudError('SystemdRefused', `a machine with systemd needs a control group of its own: ${why}`, {
    hint: ownCgroupHint(),
  })
