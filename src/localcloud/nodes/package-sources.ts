/** One entry of apt's sources, from a one-line .list file or a deb822 .sources file. */
export interface PackageSource {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** Key ring path or an embedded key; undefined: apt's trusted keys. */
  readonly signedBy?: string
  readonly architectures?: readonly string[]
}

/** Reads the text of a sources file; entries that are switched off or only hold source packages are left out. */
export function parseSources(text: string, format: 'list' | 'sources'): PackageSource[] {
  return format === 'list' ? text.split('\n').flatMap(parseListLine) : text.split(/\n[ \t]*\n/).flatMap(parseStanza)
}

function parseListLine(line: string): PackageSource[] {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)/.exec(line.replace(/#.*$/, ''))
  if (!match) return []
  const [, options = '', uri = '', suite = '', components = ''] = match
  const option = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S+)`, 'i').exec(options)?.[1]
  return [source([uri], [suite], words(components), option('signed-by'), option('arch')?.split(','))]
}

function parseStanza(stanza: string): PackageSource[] {
  const fields = new Map<string, string>()
  let name = ''
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue
    const start = /^([A-Za-z][A-Za-z0-9-]*):\s*(.*)$/.exec(line)
    if (start) fields.set((name = start[1]!.toLowerCase()), start[2]!)
    else if (name) fields.set(name, `${fields.get(name)}\n${line}`)
  }
  const get = (field: string) => fields.get(field)?.trim()
  if (!words(get('types')).includes('deb') || /^(no|false|0|off|disable)$/i.test(get('enabled') ?? '')) return []
  const found = source(words(get('uris')), words(get('suites')), words(get('components')), get('signed-by'))
  const architectures = get('architectures')
  return [architectures ? { ...found, architectures: words(architectures) } : found]
}

function source(uris: string[], suites: string[], components: string[], signedBy?: string, architectures?: string[]) {
  return { uris, suites, components, ...(signedBy && { signedBy }), ...(architectures && { architectures }) }
}

const words = (text = '') => text.split(/\s+/).filter(Boolean)

/** The release of a distribution that a base image is made of. */
export interface Distribution {
  /** `debian`, `ubuntu` */
  readonly id: string
  /** `12`, `24.04`; empty for testing and unstable. */
  readonly version: string
  /** `bookworm`, `noble` */
  readonly codename: string
}

export function parseOsRelease(text: string): Distribution {
  const value = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return { id: value('ID'), version: value('VERSION_ID'), codename: value('VERSION_CODENAME') }
}

/**
 * The entries that carry the distribution's own archive. Others are left out: their packages may need what a node does
 * not have, and nothing foreign belongs in an image named after the distribution.
 */
export function ownSources(sources: readonly PackageSource[], distribution: Distribution): PackageSource[] {
  const { codename, id } = distribution
  const pockets = new Set(['', '-updates', '-security', '-backports', '/updates'].map((pocket) => codename + pocket))
  const sections =
    id === 'ubuntu'
      ? ['main', 'universe', 'restricted', 'multiverse']
      : ['main', 'contrib', 'non-free', 'non-free-firmware']
  return sources.flatMap((entry) => {
    const suites = entry.suites.filter((suite) => pockets.has(suite))
    const components = entry.components.filter((component) => sections.includes(component))
    const ownKey = !entry.signedBy || entry.signedBy.includes(`${id}-archive`) || entry.signedBy.includes('BEGIN PGP')
    // A third party may name its suite after the release too; it has its own key then.
    return suites.length && components.length && ownKey ? [{ ...entry, suites, components }] : []
  })
}

/** Text of a deb822 file for these entries. */
export function formatSources(sources: readonly PackageSource[]): string {
  const stanza = (entry: PackageSource) =>
    [
      'Types: deb',
      `URIs: ${entry.uris.join(' ')}`,
      `Suites: ${entry.suites.join(' ')}`,
      `Components: ${entry.components.join(' ')}`,
      ...(entry.architectures ? [`Architectures: ${entry.architectures.join(' ')}`] : []),
      ...(entry.signedBy ? [`Signed-By: ${entry.signedBy}`] : []),
    ].join('\n')
  return `${sources.map(stanza).join('\n\n')}\n`
}
