import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import type { Distribution } from './package-sources.js'

/** What an EC2 machine image has, and what the default cluster set-up needs, so that starting a cluster installs nothing. */
export const BASE_PACKAGES = [
  'openssh-server',
  'openssh-client',
  'openssh-sftp-server',
  'sudo',
  'iproute2',
  'iputils-ping',
  'procps',
  'ca-certificates',
  'curl',
  'netbase',
  'less',
  'rsync',
  'cron',
  'e2fsprogs',
  'fuse2fs',
  'file',
  'init-system-helpers',
  'sysvinit-utils',
  'lsb-base',
  'apt-utils',
  'adduser',
  'nano',
  'xz-utils',
  'nfs-common',
  'nfs-kernel-server',
  'rpcbind',
] as const

/** What runs as process 1 of a node: our own small init, or systemd. */
export type Init = 'shell' | 'systemd'

const SYSTEMD_PACKAGES = ['systemd', 'systemd-sysv', 'libpam-systemd', 'dbus'] as const

/** Programs that the guest layer brings; a package that has them too must not replace ours. */
export const DIVERTED = [
  '/usr/sbin/init',
  '/usr/sbin/telinit',
  '/usr/sbin/runlevel',
  '/usr/sbin/shutdown',
  '/usr/sbin/reboot',
  '/usr/sbin/poweroff',
  '/usr/sbin/halt',
  '/usr/sbin/mount.nfs',
  '/usr/sbin/mount.nfs4',
  '/usr/sbin/showmount',
  '/usr/bin/systemctl',
  '/etc/init.d/nfs-kernel-server',
] as const

const DIVERTED_WITH_SYSTEMD = DIVERTED.filter((path) => /mount|nfs/.test(path))

/** In an image: says that systemd is process 1 of its nodes. */
export const SYSTEMD_MARKER = 'usr/lib/starcluster/systemd'

/** Run inside the finished image: what must be each machine's own goes, services nobody needs at boot are off. */
export const FINISH = finish(DIVERTED)

function finish(diverted: readonly string[], more = ''): string {
  return `set -e
for path in ${diverted.join(' ')}; do
  for name in $path \${path#/usr}; do
    dpkg-divert --quiet --local --no-rename --divert "$name.distrib" --add "$name"
  done
done
rm -f /etc/ssh/ssh_host_* /etc/machine-id /etc/hostname /etc/resolv.conf /etc/hosts
rm -f /etc/apt/apt.conf.d/99mmdebstrap /etc/dpkg/dpkg.cfg.d/99mmdebstrap
: > /etc/machine-id
for service in rpcbind nfs-common; do update-rc.d "$service" disable; done
passwd -l root >/dev/null
apt-get clean
install -d -o _apt -g root -m 700 /var/cache/apt/archives/partial /var/lib/apt/lists/partial
rm -f /var/log/*.log /var/log/apt/* /var/cache/apt/*.bin
${more}`
}

interface Recipe {
  readonly packages: readonly string[]
  /** Shell script run inside the finished image. */
  readonly finish: string
}

export function recipeOf(init: Init): Recipe {
  if (init === 'shell') return { packages: BASE_PACKAGES, finish: FINISH }
  const mark = `mkdir -p /${dirname(SYSTEMD_MARKER)}\n: > /${SYSTEMD_MARKER}\n`
  return { packages: [...BASE_PACKAGES, ...SYSTEMD_PACKAGES], finish: finish(DIVERTED_WITH_SYSTEMD, mark) }
}

/** `debian-12`, `ubuntu-24.04`; a release without a number by its code name; `debian-12-systemd`. */
export const imageName = ({ id, version, codename }: Distribution, init: Init = 'shell') =>
  `${id}-${version || codename}${init === 'systemd' ? '-systemd' : ''}`

/** Changes whenever the image would come out differently. */
export function recipeId(distribution: Distribution, init: Init = 'shell'): string {
  const { packages, finish } = recipeOf(init)
  const recipe = JSON.stringify([distribution, packages, finish, process.arch, 'layout 1'])
  return `${imageName(distribution, init)}-${createHash('sha256').update(recipe).digest('hex').slice(0, 8)}`
}
