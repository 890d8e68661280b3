import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { runHost } from './host-command.js'
import { type Distribution, ownSources, type PackageSource, parseOsRelease, parseSources } from './package-sources.js'

/** What the host's apt knows about reaching its archive; nodes use the same. */
export interface HostApt {
  readonly distribution: Distribution
  readonly sources: readonly PackageSource[]
  /** apt.conf lines: proxies, certificates, checks. */
  readonly settings: readonly string[]
  /** Extra certificate authority file of the host that `settings` name, if any. */
  readonly caFile?: string
}

/** @throws LocalCloudError NoPackageSources when this is not a Debian-like machine with a configured archive */
export async function readHostApt(): Promise<HostApt> {
  const distribution = parseOsRelease(await readFile('/etc/os-release', 'utf8'))
  const sources = ownSources(await allSources('/etc/apt'), distribution)
  if (!distribution.codename || sources.length === 0) {
    throw new LocalCloudError(
      'NoPackageSources',
      'no package source of the distribution itself is configured in /etc/apt',
      {
        hint: 'the base image is made from them: a Debian or Ubuntu machine with /etc/apt/sources.list is needed',
      },
    )
  }
  const all = (await runHost('apt-config', ['dump'])).stdout.split('\n')
  const settings = [...keptSettings(all), ...proxySettings(process.env, all)]
  const caFile = settings.map((line) => /::CaInfo "(.+)";/i.exec(line)?.[1]).find(Boolean)
  return { distribution, sources, settings, ...(caFile && { caFile }) }
}

async function allSources(etc: string): Promise<PackageSource[]> {
  const read = async (path: string) => readFile(path, 'utf8').catch(ifAbsent(''))
  const parts = await readdir(join(etc, 'sources.list.d')).catch(ifAbsent<string[]>([]))
  const found = parseSources(await read(join(etc, 'sources.list')), 'list')
  for (const name of parts.sort()) {
    const format = name.endsWith('.list') ? 'list' : name.endsWith('.sources') ? 'sources' : undefined
    if (format) found.push(...parseSources(await read(join(etc, 'sources.list.d', name)), format))
  }
  return found
}

function ifAbsent<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}

/** Settings about reaching and checking an archive; everything else of the host is its own business. */
export function keptSettings(dump: readonly string[]): string[] {
  const names =
    /^Acquire::(https?::(.*::)?(Proxy(::\S+)?|CaInfo|Verify-Peer|Verify-Host|Timeout|Pipeline-Depth)|ForceIPv[46]|Retries|Check-Valid-Until|Check-Date|Languages(::)?) "(.*)";$/i
  return dump.filter((line) => {
    const value = names.exec(line)?.at(-1)
    return value !== undefined && value !== ''
  })
}

/** apt also follows the environment; a node has another one. */
function proxySettings(env: NodeJS.ProcessEnv, dump: readonly string[]): string[] {
  return (['http', 'https'] as const).flatMap((scheme) => {
    const proxy = env[`${scheme}_proxy`]
    const known = dump.some(
      (line) => line.toLowerCase().startsWith(`acquire::${scheme}::proxy "`) && !line.endsWith('"";'),
    )
    return proxy && !known && /^https?:\/\/[^\s"]+$/.test(proxy) ? [`Acquire::${scheme}::Proxy "${proxy}";`] : []
  })
}
