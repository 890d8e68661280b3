import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import type { HostApt } from './apt-host.js'
import { hostEnv } from './host-command.js'
import { nodeRoot } from './ids.js'
import { type Init, recipeOf } from './image-recipe.js'
import { asNodeRootIn, asOwnRoot } from './own-root.js'
import { formatSources } from './package-sources.js'

const isRoot = () => process.getuid?.() === 0
/** Where a certificate authority of the host's apt is in images. */
export const CA_IN_IMAGE = '/etc/apt/starcluster-host-ca.pem'

/**
 * Makes a root file system from the host's own package sources in `dir`/root, owned by the ids of nodes. About a minute.
 * Nothing of it is visible outside `dir`: the builder has its own mount namespace, and ends when we do.
 */
export async function buildRoot(
  dir: string,
  apt: HostApt,
  init: Init,
  onProgress: (line: string) => void,
): Promise<string> {
  const root = join(dir, 'root')
  await mkdir(root)
  if (isRoot()) await chown(root, nodeRoot(), nodeRoot())
  await writeFile(join(dir, 'host.sources'), formatSources(apt.sources))
  await writeFile(join(dir, 'finish.sh'), recipeOf(init).finish)
  await writeFile(join(dir, '50starcluster-host'), `${aptConf(apt).join('\n')}\n`)
  // The kernel ends the builder with us, and with it everything it started.
  const builder = spawn(
    ...asOwnRoot('setpriv', [
      '--pdeathsig',
      'KILL',
      'unshare',
      '--mount',
      '--propagation',
      'private',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'mmdebstrap',
      ...mmdebstrapArguments(dir, apt, recipeOf(init).packages),
    ]),
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      env: { ...hostEnv(), TMPDIR: dir },
    },
  )
  const tar = ['-x', '--numeric-owner', '--xattrs', '--xattrs-include=*', '--exclude=./dev/*', '-f', '-']
  const unpacker = spawn(...asNodeRootIn(root, 'tar', tar), {
    stdio: [builder.stdout, 'ignore', 'pipe'],
    env: hostEnv(),
  })
  builder.stdout.destroy()
  const complaints: string[] = []
  const listen = (name: string) => (line: string) => {
    complaints.push(`${name}: ${line}`)
    if (complaints.length > 30) complaints.shift()
    const step = /^I: ((?:running apt-get|downloading|extracting|installing) .*)/.exec(line)?.[1]
    if (step) onProgress(step)
  }
  eachLine(builder.stderr, listen('mmdebstrap'))
  eachLine(unpacker.stderr!, listen('tar'))
  const [[built], [unpacked]] = await Promise.all([ended(builder), ended(unpacker)])
  if (built === 0 && unpacked === 0) return root
  const tail = complaints
    .filter((line) => !line.includes(': I: '))
    .slice(-8)
    .join('\n')
  throw new LocalCloudError('ImageBuildFailed', `the base image could not be built:\n${tail}`, {
    hint: 'check that `apt-get update` works on this machine and that the disk is not full, then try again',
  })
}

export async function ended(child: ReturnType<typeof spawn>): Promise<[number | null]> {
  const [code] = await Promise.race([
    once(child, 'close'),
    once(child, 'error').then(([error]) => Promise.reject(error)),
  ])
  return [code as number | null]
}

export function eachLine(stream: NodeJS.ReadableStream, call: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(call)
  })
}

/** Settings as the nodes get them; the host's certificate file is copied to a place of our own. */
export function aptConf(apt: HostApt): string[] {
  return apt.settings.map((line) => (apt.caFile ? line.replace(`"${apt.caFile}"`, `"${CA_IN_IMAGE}"`) : line))
}

function mmdebstrapArguments(dir: string, apt: HostApt, packages: readonly string[]): string[] {
  return [
    // An ordinary user is root of a user namespace here: the files land below his home, whoever may enter that.
    '--mode=root',
    ...(isRoot() ? [] : ['--skip=chroot/mount/sys']),
    '--variant=minbase',
    '--format=tar',
    // The package lists stay, so that the first apt-get install on a node needs no update.
    '--skip=cleanup/apt',
    '--dpkgopt=force-unsafe-io',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--aptopt=Apt::Install-Recommends "false"',
    ...apt.settings.map((line) => `--aptopt=${line}`),
    `--include=${packages.join(',')}`,
    ...(apt.caFile ? [`--customize-hook=upload '${apt.caFile}' '${CA_IN_IMAGE}'`] : []),
    `--customize-hook=upload '${dir}/finish.sh' /finish.sh`,
    '--customize-hook=chroot "$1" sh /finish.sh && rm "$1/finish.sh"',
    `--customize-hook=upload '${dir}/50starcluster-host' /etc/apt/apt.conf.d/50starcluster-host`,
    apt.distribution.codename,
    '-',
    join(dir, 'host.sources'),
  ]
}
