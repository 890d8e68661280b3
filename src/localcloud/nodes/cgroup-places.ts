import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where to look; tests have other files than the machine's own. */
export interface CgroupFiles {
  readonly mounts?: string
  /** The groups that we are in: /proc/self/cgroup. */
  readonly self?: string
  /** An ordinary user has only what is given to him. */
  readonly root?: boolean
}

/** Groups below which those of nodes can be. */
export interface CgroupPlaces {
  /** Controller -> directory. */
  readonly v1: ReadonlyMap<string, string>
  /** Version 2 has all controllers in one directory. */
  readonly v2: string | undefined
}

export const WANTED = ['memory', 'pids', 'cpu'] as const

/** Where processes of a group go that is divided: none may be beside its parts ("no internal processes", cgroup-v2.html). */
const ASIDE = 'starcluster-aside'

/** As root at the top of each hierarchy; for an ordinary user the groups that he is in, as far as they are his. */
export async function cgroupPlaces(files: CgroupFiles = {}): Promise<CgroupPlaces> {
  const { mounts = '/proc/self/mounts', self = '/proc/self/cgroup', root = process.getuid?.() === 0 } = files
  const table = (await readFile(mounts, 'utf8').catch(() => '')).split('\n').map((line) => line.split(' '))
  const ownPath = root ? () => '/' : pathsOf(await readFile(self, 'utf8').catch(() => ''))
  const v1 = new Map<string, string>()
  let v2: string | undefined
  for (const [, at = '', type, options = ''] of table) {
    if (type === 'cgroup2') v2 ??= await usable(at, ownPath(''), root)
    if (type !== 'cgroup') continue
    for (const name of WANTED.filter((wanted) => options.split(',').includes(wanted))) {
      const place = await usable(at, ownPath(name), root)
      if (place) v1.set(name, place)
    }
  }
  return { v1, v2 }
}

/** Which of the wanted controllers a group of version 2 has for its parts. */
export async function controllersOf(group: string): Promise<string[]> {
  const known = (await readFile(join(group, 'cgroup.controllers'), 'utf8').catch(() => '')).trim().split(' ')
  return WANTED.filter((wanted) => known.includes(wanted))
}

/** Puts the processes of a group of ours into a part of it, so that it can be divided. */
export async function makeRoom(group: string): Promise<void> {
  const pids = async () => (await readFile(join(group, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean)
  const aside = join(group, ASIDE)
  // One that starts another meanwhile leaves it behind.
  for (let turn = 0; turn < 10; turn++) {
    const here = await pids()
    if (here.length === 0) return
    await mkdir(aside, { recursive: true })
    // Some have ended since they were listed.
    for (const pid of here) await writeFile(join(aside, 'cgroup.procs'), pid).catch(() => undefined)
  }
}

/** The group that was divided, for a process that was put aside. */
export const withoutAside = (path: string): string =>
  path.endsWith(`/${ASIDE}`) ? path.slice(0, -ASIDE.length - 1) : path

/** `8:pids:/a` -> pids is in /a; version 2 is the one without a name: `0::/a`. */
function pathsOf(text: string): (controller: string) => string | undefined {
  const lines = text.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
  return (controller) => lines.find((line) => line?.[1]?.split(',').includes(controller))?.[2]
}

/** A group outside of our view, `/../x`, is nowhere. */
async function usable(mount: string, path: string | undefined, root: boolean): Promise<string | undefined> {
  if (root) return mount
  if (path === undefined || path.startsWith('/..')) return undefined
  const group = join(mount, withoutAside(path))
  const writable = (file: string) =>
    access(file, constants.W_OK)
      .then(() => true)
      .catch(() => false)
  return (await writable(group)) && (await writable(join(group, 'cgroup.procs'))) ? group : undefined
}
