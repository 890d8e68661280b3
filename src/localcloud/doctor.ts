import { access, constants, readFile, stat, statfs } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { diskRoot } from './disk-root.js'
import { reason } from './local-error.js'
import { readHostApt } from './nodes/apt-host.js'
import { openCgroups } from './nodes/cgroups.js'
import { runHost } from './nodes/host-command.js'
import { localPaths } from './paths.js'

/** One thing the local cloud needs from this computer. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** Without it the local cloud does not work at all. */
  readonly required: boolean
  /** What was found. */
  readonly detail: string
  /** What one has to do without while it is missing. */
  readonly cost: string
  /** The command that mends it. */
  readonly fix: string
}

type Probe = Omit<Check, 'ok' | 'detail'> & { readonly probe: () => Promise<string> }

/** Thrown by a probe: not met, and what was found instead. */
class NotMet extends Error {}

const DISK_MIB = 1024

/** Tries everything the local cloud needs, one by one, in the order in which one would mend it. Changes nothing. */
export async function diagnose(options: { env?: NodeJS.ProcessEnv } = {}): Promise<Check[]> {
  const env = options.env ?? process.env
  const probes = [...kernel(env), ...packages(env), ...host(env)]
  return Promise.all(
    probes.map(async ({ probe, ...check }) => {
      try {
        return { ...check, ok: true, detail: await probe() }
      } catch (error) {
        return { ...check, ok: false, detail: reason(error).split('\n')[0] ?? '' }
      }
    }),
  )
}

function kernel(env: NodeJS.ProcessEnv): Probe[] {
  const none = 'no machines: the local cloud does not work'
  const must = { required: true, cost: none }
  return [
    {
      ...must,
      name: 'Linux',
      fix: 'use a Linux computer or virtual machine, or a region of AWS: starcluster -r us-east-1 start',
      probe: async () => {
        if (process.platform !== 'linux') throw new NotMet(`this is ${process.platform}`)
        return (await readFile('/proc/sys/kernel/osrelease', 'utf8')).trim()
      },
    },
    {
      ...must,
      name: 'root',
      fix: 'sudo starcluster local doctor',
      probe: async () => {
        if (process.getuid?.() !== 0) throw new NotMet('running as an ordinary user')
        return 'running as root'
      },
    },
    {
      ...must,
      name: 'user namespaces',
      fix: 'sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1',
      probe: () => works('namespaces can be made', 'unshare', ['-U', 'true']),
    },
    {
      ...must,
      name: 'proc in namespaces',
      fix: 'run outside of a container, or in one with an unmasked /proc (docker run --security-opt systempaths=unconfined)',
      probe: () => works('a process namespace gets its own /proc', 'unshare', ['-Urpf', '--mount-proc', 'true']),
    },
    {
      ...must,
      name: 'overlay in user namespaces',
      fix: 'use Linux 5.11 or later, and set STARCLUSTER_DISK_ROOT to a directory on ext4, xfs or btrfs',
      probe: () => overlayWorks(env),
    },
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
    {
      name: '/dev/net/tun',
      required: false,
      cost: 'machines reach each other but nothing else: no apt-get install',
      fix: 'modprobe tun',
      probe: async () => {
        await access('/dev/net/tun', constants.R_OK | constants.W_OK)
        return 'can be opened'
      },
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

function packages(env: NodeJS.ProcessEnv): Probe[] {
  return PACKAGES.map(([command, pack, cost, required]) => ({
    name: command === pack ? command : `${command} (${pack})`,
    required,
    cost,
    fix: `apt-get install -y ${pack}`,
    probe: () => findCommand(command, env),
  }))
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

async function works(detail: string, command: string, args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await runHost(command, args, { deadlineMs: 20_000 })
  if (exitCode !== 0) throw new NotMet(stderr.trim() || `${command} ended with status ${exitCode}`)
  return detail
}

async function findCommand(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  // Programs for root are not in everyone's path.
  const dirs = [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const dir of dirs.filter(Boolean)) {
    const found = await access(join(dir, command), constants.X_OK)
      .then(() => true)
      .catch(() => false)
    if (found) return join(dir, command)
  }
  throw new NotMet('not installed')
}

/** Mounts an overlay the way nodes do, in a mount namespace that ends with the probe. */
async function overlayWorks(env: NodeJS.ProcessEnv): Promise<string> {
  const at = await existing(diskRoot(env, localPaths(env)))
  // As root each node's disk is a file system of its own, so it does not matter which one this is.
  const own =
    'mount -t tmpfs none /tmp && cd /tmp && mkdir l u w m && mount -t overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr none m'
  return works(`works; disks are below ${at}`, 'unshare', ['-Urm', 'sh', '-c', own])
}

async function cgroupsWork(): Promise<string> {
  const { controllers } = await openCgroups('probe')
  const missing = ['memory', 'pids', 'cpu'].filter((name) => !controllers.includes(name))
  if (missing.length) throw new NotMet(`not limited: ${missing.join(', ')}`)
  return `${controllers.join(', ')} are limited for each machine`
}

async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const there = await stat(at)
      .then(() => true)
      .catch(() => false)
    if (there || at === dirname(at)) return at
  }
}
