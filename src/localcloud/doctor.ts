import { existsSync } from 'node:fs'
import { access, constants, readFile, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { chooseBackEnd } from './daemon/back-end.js'
import { canReachOut, TUN } from './daemon/way-out.js'
import { diskRoot } from './disk-root.js'
import { backEndProbe, containerProbes } from './doctor-back-end.js'
import {
  asRoot,
  type Check,
  cgroupsWork,
  existing,
  findCommand,
  isRoot,
  NotMet,
  type Probe,
  works,
} from './doctor-probe.js'
import { ordinaryUser, RIGHTS, USER_NAMESPACES } from './doctor-user.js'
import { reason } from './local-error.js'
import { readHostApt } from './nodes/apt-host.js'
import { hasNetem } from './nodes/links.js'
import { ownCgroupHint, ownCgroupParent } from './nodes/own-cgroup.js'
import { localPaths } from './paths.js'

export type { Check } from './doctor-probe.js'

const DISK_MIB = 1024
const FUSE = '/dev/fuse'

/** Tries everything the local cloud needs, one by one, in the order in which one would mend it. Changes nothing. */
export async function diagnose(options: { env?: NodeJS.ProcessEnv } = {}): Promise<Check[]> {
  const env = options.env ?? process.env
  const chosen = await chooseBackEnd(env, localPaths(env)).catch((error: unknown) => error)
  const back = backEndProbe(chosen)
  const container = containerProbes(chosen, env)
  const who = isRoot() ? [] : process.platform === 'linux' ? await ordinaryUser(env) : []
  const probes = container
    ? [linux, back, ...container]
    : [...kernel(env), ...who, ...packages(env), ...host(env), back]
  const checks = await Promise.all(
    probes.map(async ({ probe, ...check }) => {
      try {
        return { ...check, ok: true, detail: await probe() }
      } catch (error) {
        return { ...check, ok: false, detail: reason(error).split('\n')[0] ?? '' }
      }
    }),
  )
  return checks.map(({ after, ...check }) => {
    const first = checks.find(({ name, ok }) => name === after && !ok)
    return check.ok || !first ? check : { ...check, detail: 'not known yet', fix: `first mend: ${first.name}` }
  })
}

const must = { required: true, cost: 'no machines: the local cloud does not work' }

const linux: Probe = {
  ...must,
  name: 'Linux',
  fix: 'use a Linux computer, virtual machine or container, or a region of AWS: starcluster -r us-east-1 start',
  probe: async () => {
    if (process.platform !== 'linux') throw new NotMet(`this is ${process.platform}`)
    return (await readFile('/proc/sys/kernel/osrelease', 'utf8')).trim()
  },
}

function kernel(env: NodeJS.ProcessEnv): Probe[] {
  return [
    linux,
    {
      ...must,
      name: USER_NAMESPACES,
      fix: asRoot('sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1'),
      probe: () => works('namespaces can be made', 'unshare', ['-U', 'true']),
    },
    {
      ...must,
      name: 'proc in namespaces',
      after: RIGHTS,
      fix: 'run outside of a container, or in one with an unmasked /proc (docker run --security-opt systempaths=unconfined)',
      probe: () => works('a process namespace gets its own /proc', 'unshare', ['-Urpf', '--mount-proc', 'true']),
    },
    {
      ...must,
      name: 'overlay in user namespaces',
      after: RIGHTS,
      fix: 'use Linux 5.11 or later, and set STARCLUSTER_DISK_ROOT to a directory on ext4, xfs or btrfs',
      probe: () => overlayWorks(env),
    },
    {
      name: 'netem',
      required: false,
      cost: 'no delay between machines on demand (starcluster local inject delay)',
      fix: asRoot('modprobe sch_netem'),
      probe: async () => {
        if (!(await hasNetem())) throw new NotMet('this kernel cannot delay packets')
        return 'packets can be delayed'
      },
    },
    ...(isRoot() ? limits() : []),
    ownCgroup(),
    {
      name: TUN,
      required: false,
      cost: 'machines reach each other but nothing else: no apt-get install',
      fix: existsSync(TUN) ? asRoot(`chmod 666 ${TUN}`) : asRoot('modprobe tun'),
      probe: async () => {
        if (!(await canReachOut())) throw new NotMet(existsSync(TUN) ? 'cannot be opened by you' : 'not there')
        return 'can be opened'
      },
    },
    fuse(),
  ]
}

/** Its own mode matters: the machines are not us. */
const fuse = (): Probe => ({
  name: FUSE,
  required: false,
  cost: 'no sshfs and other file systems of ordinary programs inside machines',
  fix: existsSync(FUSE) ? asRoot(`chmod 666 ${FUSE}`) : asRoot('modprobe fuse'),
  probe: async () => {
    const found = await stat(FUSE).catch(() => undefined)
    if (!found?.isCharacterDevice()) throw new NotMet('not there')
    if ((found.mode & 0o006) !== 0o006) throw new NotMet('cannot be opened by everyone')
    return 'machines have it'
  },
})

/** What systemd as process 1 of a machine needs; our own init does not. */
const ownCgroup = (): Probe => ({
  name: 'control group of its own',
  required: false,
  cost: 'no machines with systemd (image debian-12-systemd); those of the default image do not need it',
  fix: ownCgroupHint(),
  probe: async () => `below ${dirname(await ownCgroupParent('probe', 'self'))}`,
})

/** What only root can give machines. */
function limits(): Probe[] {
  return [
    {
      name: 'loop devices',
      required: false,
      cost: "a machine's disk has no size of its own: a full one fills the host's disk",
      fix: 'modprobe loop',
      probe: async () => {
        await access('/dev/loop-control', constants.R_OK | constants.W_OK)
        return 'every machine has a disk of its own size'
      },
    },
    {
      name: 'cgroup limits',
      required: false,
      cost: 'a machine can take all memory, processes and processors of this computer',
      fix: 'mount cgroups (a systemd machine has them): mount -t cgroup2 none /sys/fs/cgroup',
      probe: cgroupsWork,
    },
  ]
}

const PACKAGES: readonly [command: string, pack: string, cost: string, required: boolean][] = [
  ['unshare', 'util-linux', 'no machines', true],
  ['nsenter', 'util-linux', 'no machines', true],
  ['flock', 'util-linux', 'no machines', true],
  ['losetup', 'mount', 'no machines', true],
  ['mkfs.ext4', 'e2fsprogs', 'no machines', true],
  ['ip', 'iproute2', 'no network for the machines', true],
  ['nft', 'nftables', 'no network for the machines', true],
  ['perl', 'perl-base', 'no machines', true],
  ['ssh', 'openssh-client', 'no sshmaster and sshnode', true],
  ['mmdebstrap', 'mmdebstrap', 'no base image, so no machines', true],
  ['slirp4netns', 'slirp4netns', 'machines reach each other but nothing else: no apt-get install', false],
]

/** They make disks with a size of their own. */
const FOR_ROOT = ['losetup', 'mkfs.ext4']

function packages(env: NodeJS.ProcessEnv): Probe[] {
  return PACKAGES.filter(([command]) => isRoot() || !FOR_ROOT.includes(command)).map(
    ([command, pack, cost, required]) => ({
      name: command === pack ? command : `${command} (${pack})`,
      required,
      cost,
      fix: asRoot(`apt-get install -y ${pack}`),
      probe: () => findCommand(command, env),
    }),
  )
}

function host(env: NodeJS.ProcessEnv): Probe[] {
  return [
    {
      name: 'package sources',
      required: true,
      cost: 'no base image, so no machines',
      fix: "add your distribution's own archive to /etc/apt/sources.list, then: apt-get update",
      probe: async () => {
        const { distribution, sources } = await readHostApt()
        return `${distribution.id} ${distribution.codename} from ${[...new Set(sources.flatMap((source) => source.uris))].join(', ')}`
      },
    },
    {
      name: 'disk space',
      required: true,
      cost: 'the base image takes 400 MB, a machine that installs software 100 MB and more',
      fix: 'free some space, or set STARCLUSTER_DISK_ROOT to a directory on a bigger disk',
      probe: async () => {
        const at = await existing(diskRoot(env, localPaths(env)))
        const { bavail, bsize } = await statfs(at)
        const free = Math.floor((bavail * bsize) / 2 ** 20)
        if (free < DISK_MIB) throw new NotMet(`${free} MiB free below ${at}, ${DISK_MIB} needed`)
        return `${Math.floor(free / 1024)} GiB free below ${at}`
      },
    },
  ]
}

/** Mounts an overlay the way nodes do, in a mount namespace that ends with the probe. */
async function overlayWorks(env: NodeJS.ProcessEnv): Promise<string> {
  const at = await existing(diskRoot(env, localPaths(env)))
  const overlay = 'mkdir l u w m && mount -t overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr none m'
  // As root each node's disk is a file system of its own, so it does not matter which one this is.
  const script = isRoot()
    ? `mount -t tmpfs none /tmp && cd /tmp && ${overlay}`
    : `d=$(mktemp -d -p "$1") && cd "$d" || exit; ${overlay}; s=$?; umount m; cd /; rm -rf "$d"; exit $s`
  return works(`works; disks are below ${at}`, 'unshare', ['-Urm', 'sh', '-c', script, 'sh', at])
}
