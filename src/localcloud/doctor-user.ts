import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { asRoot, cgroupsWork, findCommand, NotMet, type Probe, works } from './doctor-probe.js'
import { ownCgroupHint } from './nodes/own-cgroup.js'
import { ownRootComplaint } from './nodes/own-root.js'

const NONE = 'no machines for an ordinary user (root has them: sudo -i)'
const IDS = 65_536
export const USER_NAMESPACES = 'user namespaces'
/** Root has them wherever there are user namespaces. */
export const RIGHTS = 'rights in user namespaces'
const APPARMOR = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'

/** What an ordinary user needs besides: ids for the machines' users, and rights in a user namespace of his own. */
export async function ordinaryUser(env: NodeJS.ProcessEnv): Promise<Probe[]> {
  const must = { required: true, cost: NONE }
  const range = await freeRange()
  const user = userInfo().username
  return [
    ...(await Promise.all(['newuidmap', 'newgidmap'].map((command) => mapper(command, env)))),
    ...['/etc/subuid', '/etc/subgid'].map((file) => ({
      ...must,
      name: `ids in ${file}`,
      fix: asRoot(`usermod --add-sub${file.slice(8)}s ${range} ${user}`),
      probe: () => hasRange(file, user),
    })),
    {
      ...must,
      name: RIGHTS,
      after: USER_NAMESPACES,
      fix: asRoot(`sysctl -w ${(await apparmorRefuses()) ? 'kernel.apparmor_restrict_unprivileged_userns=0' : USERNS}`),
      probe: () => works('an ordinary user is root in a namespace', 'unshare', ['-Urm', 'true']),
    },
    {
      ...must,
      name: 'own root',
      fix: 'mend what is missing above; in a container, start it with newuidmap setuid and without no-new-privileges',
      probe: async () => {
        const complaint = await ownRootComplaint()
        if (complaint) throw new NotMet(complaint)
        return `machines' ids are ids of ${user}`
      },
    },
    {
      name: 'disk size limits',
      required: false,
      cost: "a machine's disk has no size of its own: a full one fills this disk",
      fix: 'only root can have them: sudo -i',
      probe: () => Promise.reject(new NotMet('no loop devices for an ordinary user')),
    },
    {
      name: FUSE,
      required: false,
      cost: 'machines cannot mount volumes',
      fix: asRoot(existsSync(FUSE) ? `chmod 666 ${FUSE}` : 'modprobe fuse'),
      probe: fuseDevice,
    },
    {
      name: 'cgroup limits',
      required: false,
      cost: 'a machine can take all memory and processors of this computer; the number of its processes is limited',
      fix: groupsOfHis(),
      probe: cgroupsWork,
    },
  ]
}

/** It must have the rights of root when he runs it: by its mode, or by capabilities of the file, which only a try shows. */
async function mapper(command: string, env: NodeJS.ProcessEnv): Promise<Probe> {
  const found = await findCommand(command, env).catch(() => undefined)
  return {
    name: `${command} (uidmap)`,
    required: true,
    cost: NONE,
    fix: asRoot(found ? `chmod u+s ${found}` : 'apt-get install -y uidmap'),
    probe: async () => {
      const path = found ?? (await findCommand(command, env))
      const { mode, uid } = await stat(path)
      if ((!(mode & 0o4000) || uid !== 0) && (await ownRootComplaint())?.startsWith(command))
        throw new NotMet(`${path} does not run with the rights of root`)
      return path
    },
  }
}

/** Control groups are systemd's to give. */
const groupsOfHis = () =>
  existsSync('/run/systemd/system') ? ownCgroupHint() : 'only root can have them without systemd: sudo -i'

const FUSE = '/dev/fuse'

/** As machines get it: open to everyone, which is what distributions give. */
async function fuseDevice(): Promise<string> {
  const found = await stat(FUSE).catch(() => undefined)
  if (!found) throw new NotMet('not there')
  if ((found.mode & 0o006) !== 0o006) throw new NotMet('not open to everyone')
  return 'can be opened'
}

const USERNS = 'user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1'

async function apparmorRefuses(): Promise<boolean> {
  return (await readFile(APPARMOR, 'utf8').catch(() => '')).trim() === '1'
}

interface IdRange {
  readonly who: string
  readonly start: number
  readonly count: number
}

async function ranges(file: string): Promise<IdRange[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const found = text.matchAll(/^([^:#\n]+):(\d+):(\d+)[ \t]*$/gm)
  return [...found].map(([, who = '', start, count]) => ({ who, start: Number(start), count: Number(count) }))
}

async function hasRange(file: string, user: string): Promise<string> {
  const own = (await ranges(file)).filter(({ who }) => who === user || who === String(process.getuid?.()))
  const found = own.find(({ count }) => count >= IDS - 1)
  if (!found) throw new NotMet(own.length ? `fewer than ${IDS} ids for ${user}` : `no ids for ${user}`)
  return `${found.count} from ${found.start}`
}

/** One behind everyone else's. */
async function freeRange(): Promise<string> {
  const all = [...(await ranges('/etc/subuid')), ...(await ranges('/etc/subgid'))]
  const start = Math.max(100_000, ...all.map((range) => range.start + range.count))
  return `${start}-${start + IDS - 1}`
}
