import { createHash, randomBytes } from 'node:crypto'
import { LocalCloudError, reason } from '../../local-error.js'
import type { ContainerProgram } from './container-program.js'

/** Debian 12 with Node, from Docker Hub, for every architecture. */
const BASE = 'docker.io/library/node:22-bookworm-slim'
/** What machines of namespaces need from the computer they run on, as `local doctor` names it. */
const PACKAGES: Readonly<Record<string, string>> = {
  'ca-certificates': 'update-ca-certificates',
  e2fsprogs: 'mkfs.ext4',
  iproute2: 'ip',
  mmdebstrap: 'mmdebstrap',
  mount: 'losetup',
  nftables: 'nft',
  'perl-base': 'perl',
  procps: 'ps',
  slirp4netns: 'slirp4netns',
  'util-linux': 'nsenter',
  'xz-utils': 'xz',
}
const INSTALL_MS = 20 * 60_000

/** Installs what is missing; nothing, and without any network, when the image has everything. */
const INSTALL = `set -e
missing=
for pair in "$@"; do command -v "\${pair#*:}" >/dev/null || missing="$missing \${pair%%:*}"; done
[ -n "$missing" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -qy install --no-install-recommends $missing
rm -rf /var/cache/apt/archives/*.deb`

/** The proxy of whoever starts it, for apt inside. */
const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy']

/**
 * The image of the container in which machines are made: a Debian with Node (STARCLUSTER_CONTAINER_IMAGE names another one)
 * and the programs that machines need. Made once. -> its name
 * @throws LocalCloudError HostImageFailed
 */
export async function ensureHostImage(
  engine: ContainerProgram,
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<string> {
  const base = env.STARCLUSTER_CONTAINER_IMAGE || BASE
  const key = createHash('sha256').update(JSON.stringify([base, PACKAGES, INSTALL]))
  const image = `localhost/starcluster-host:${key.digest('hex').slice(0, 12)}`
  if (await engine.has('image', image)) return image
  const work = `starcluster-build-${randomBytes(6).toString('hex')}`
  const pairs = Object.entries(PACKAGES).map(([pack, program]) => `${pack}:${program}`)
  const proxies = PROXIES.filter((name) => env[name]).flatMap((name) => ['--env', name])
  const steps = { deadlineMs: INSTALL_MS, onLine: onProgress }
  try {
    onProgress(`preparing an image for ${engine.name} from ${base} (once; some minutes on a slow network)`)
    if (!(await engine.has('image', base))) await engine.must(['pull', base], steps)
    const sh = ['--entrypoint', '/bin/sh', base, '-c', INSTALL, 'sh', ...pairs]
    await engine.must(['run', '--name', work, '--network', 'host', ...proxies, ...sh], steps)
    await engine.must(['commit', work, image], steps)
    return image
  } catch (cause) {
    throw new LocalCloudError('HostImageFailed', `no image for the machines' container: ${reason(cause)}`, {
      cause,
      hint: `load a Debian image with Node 20 or later into ${engine.name} and name it in STARCLUSTER_CONTAINER_IMAGE`,
    })
  } finally {
    await engine.run(['rm', '--force', work])
  }
}
