import { compared, comparedBytes } from './script.js'

/** What became of one thing on a node. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed'
  /** The thing: a path, a package, a user. */
  readonly name: string
  /** In a few words: versions, modes, how many files. */
  readonly detail: string
}

/** What is different on one node. Lists are sorted by name. */
export interface NodeChanges {
  readonly packages: readonly Change[]
  readonly users: readonly Change[]
  readonly groups: readonly Change[]
  /** Ports that are listened at: `tcp 0.0.0.0:80`. */
  readonly ports: readonly Change[]
  /** Services that start at boot now, or no longer. */
  readonly services: readonly Change[]
  /** Programs that run on their own: `munge munged`, the user first. */
  readonly daemons: readonly Change[]
  /** Not those of changed packages, and not the housekeeping below. A new directory stands for all that is in it. */
  readonly files: readonly Change[]
  /** How many changed files belong to the packages named above. */
  readonly packageFiles: number
  /** How many changed files are logs, caches and databases of the package tools. */
  readonly housekeepingFiles: number
}

export const subjects = ['packages', 'users', 'groups', 'services', 'daemons', 'ports', 'files'] as const

/** True when nothing is different but logs and caches. */
export function isUnchanged(changes: NodeChanges): boolean {
  return changes.packageFiles === 0 && subjects.every((subject) => changes[subject].length === 0)
}

/** Reads what `compareCommand` printed. */
export function parseChanges(output: string): NodeChanges {
  const sections = readSections(output)
  const section = (name: string): Sides => sections.get(name) ?? { was: [], is: [] }
  const files = changedFiles(section('files'), section('contents'))
  // dpkg may know a file by its name before /lib, /bin and /sbin became links into /usr.
  const owned = new Set(section('owned').is.flatMap((path) => [path, `/usr${path}`]))
  const accounts = [...section('users').is, ...section('users').was, ...section('groups').is, ...section('groups').was]
  const isHousekeeping = ({ name }: Change) =>
    housekeeping.test(name) || (accounts.length > 0 && accountFiles.test(name)) || serviceLinks.test(name)
  const ofPackages = files.filter((file) => owned.has(file.name) && !isHousekeeping(file))
  const others = files.filter((file) => !owned.has(file.name) && !isHousekeeping(file))
  return {
    packages: compareRows(section('packages'), (row) => row[1] ?? ''),
    users: compareRows(section('users'), ([, uid, gid, home, shell]) => `uid ${uid}, gid ${gid}, ${home}, ${shell}`),
    groups: compareRows(section('groups'), ([, gid, members]) => `gid ${gid}${members ? `: ${members}` : ''}`),
    ports: compareRows(joined(section('ports')), () => ''),
    services: enabledServices(files),
    daemons: compareRows(joined(section('daemons')), () => ''),
    files: foldDirectories(others),
    packageFiles: ofPackages.length,
    housekeepingFiles: files.length - ofPackages.length - others.length,
  }
}

/** Logs, caches and databases that any work on a node touches. */
const housekeeping = new RegExp(
  `^(${[
    '/var/log',
    '/var/cache',
    '/var/lib/(dpkg|apt|rpm|dnf|yum|systemd|ucf|ieee-data|logrotate|sudo)',
    '/var/lib/nfs/(rmtab|etab|state|xtab|sm|sm\\.bak)',
    '/etc/(ld\\.so\\.cache|mtab|passwd-|group-|shadow-|gshadow-|subuid-|subgid-|\\.pwd\\.lock)',
    '/usr/share/(mime|info/dir|icons/hicolor/icon-theme\\.cache|applications/mimeinfo\\.cache)',
    '.*/__pycache__',
    '.*/\\.(bash_history|lesshst|viminfo|cache)',
  ].join('|')})(/|$)`,
)

/** Told as users and groups. */
const accountFiles = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)$/

/** Told as services: links that start (S) or stop (K) them. */
const serviceLinks =
  /^\/etc\/(rc[0-9S]\.d\/(?<runs>[SK])\d\d|systemd\/(system|user)\/[^/]+\.(wants|requires)\/)(?<name>[^/]+)$/

function enabledServices(files: readonly Change[]): Change[] {
  const services = new Map<string, Change>()
  for (const { name, kind } of files) {
    const link = serviceLinks.exec(name)?.groups
    if (!link || link.runs === 'K' || kind === 'changed') continue
    const service = link.name!.replace(/\.service$/, '')
    services.set(service, { kind, name: service, detail: kind === 'added' ? 'enabled' : 'disabled' })
  }
  return [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

interface Sides {
  readonly was: string[]
  readonly is: string[]
}

function readSections(output: string): Map<string, Sides> {
  const sections = new Map<string, Sides>()
  let current: Sides | undefined
  for (const item of output.split('\0')) {
    if (item.startsWith('== ')) sections.set(item.slice(3), (current = { was: [], is: [] }))
    else if (item.startsWith('-')) current?.was.push(item.slice(1))
    else if (item.startsWith('+')) current?.is.push(item.slice(1))
  }
  return sections
}

/** Rows whose first column is the name. */
function compareRows(sides: Sides, describe: (row: readonly string[]) => string): Change[] {
  const rows = (lines: readonly string[]) => new Map(lines.map((line) => [line.split('\t')[0] ?? '', line.split('\t')]))
  return compare(rows(sides.was), rows(sides.is), describe, (was, is) => `${describe(was)} -> ${describe(is)}`)
}

/** Rows that are names as a whole. */
function joined({ was, is }: Sides): Sides {
  const join = (line: string) => line.replaceAll('\t', ' ')
  return { was: was.map(join), is: is.map(join) }
}

/** Columns: path, type, size, mode, user, group, time, target of a link. */
function changedFiles(files: Sides, contents: Sides): Change[] {
  const rows = (lines: readonly string[]) => new Map(lines.map((line) => [line.split('\t')[0] ?? '', line.split('\t')]))
  // sha1sum: digest, two characters, path.
  const digests = (lines: readonly string[]) => new Map(lines.map((line) => [line.slice(42), line.slice(0, 40)]))
  const [digestWas, digestIs] = [digests(contents.was), digests(contents.is)]
  // Both present and equal cannot be: equal lines are left out. Absent on both sides: not compared, or not changed.
  const differs = (path: string) => digestWas.has(path) || digestIs.has(path)
  const describe = (row: readonly string[]) =>
    row[1] === 'd' ? 'directory' : row[1] === 'l' ? `-> ${row[7]}` : size(row[2])
  const changed = compare(rows(files.was), rows(files.is), describe, (was, is) => {
    const parts = []
    if (was[1] !== is[1]) parts.push(`${typeName(was[1])} -> ${typeName(is[1])}`)
    if (was[3] !== is[3]) parts.push(`mode ${was[3]} -> ${is[3]}`)
    if (was[4] !== is[4] || was[5] !== is[5]) parts.push(`owner ${was[4]}:${was[5]} -> ${is[4]}:${is[5]}`)
    if (was[7] !== is[7]) parts.push(`-> ${is[7]}`)
    const path = is[0] ?? ''
    const small = Number(is[2]) < comparedBytes && Number(was[2]) < comparedBytes
    const rewritten = was[6] !== is[6] || was[2] !== is[2]
    if (is[1] === 'f' && rewritten && (differs(path) || !isCompared(path) || !small)) parts.push('content')
    return parts.join(', ')
  })
  // Written again with the same text.
  return changed.filter(({ kind, detail }) => kind !== 'changed' || detail !== '')
}

/** `compareCommand` has a digest of files here, when they are small. */
const isCompared = (path: string) => compared.some((tree) => path.startsWith(`${tree}/`))

const typeName = (letter: string | undefined) => (letter === 'd' ? 'directory' : letter === 'l' ? 'link' : 'file')

function size(bytes: string | undefined): string {
  const value = Number(bytes)
  if (value < 10_000) return `${value} B`
  return value < 10_000_000 ? `${Math.round(value / 1000)} kB` : `${Math.round(value / 1_000_000)} MB`
}

function compare<T>(
  was: ReadonlyMap<string, T>,
  is: ReadonlyMap<string, T>,
  describe: (row: T) => string,
  describeChange: (was: T, is: T) => string,
): Change[] {
  const changes: Change[] = []
  for (const [name, row] of was) if (!is.has(name)) changes.push({ kind: 'removed', name, detail: describe(row) })
  for (const [name, row] of is) {
    const before = was.get(name)
    if (before === undefined) changes.push({ kind: 'added', name, detail: describe(row) })
    else changes.push({ kind: 'changed', name, detail: describeChange(before, row) })
  }
  return changes.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** A directory that came or went stands for everything below it that did the same. @param changes sorted by name */
function foldDirectories(changes: readonly Change[]): Change[] {
  const folded: { change: Change; below: number }[] = []
  const open = new Map<string, { change: Change; below: number }>() // by kind and directory
  for (const change of changes) {
    const parent = parents(change.name).find((dir) => open.has(`${change.kind} ${dir}`))
    if (parent !== undefined && change.kind !== 'changed') {
      open.get(`${change.kind} ${parent}`)!.below += change.detail === 'directory' ? 0 : 1
      continue
    }
    const entry = { change, below: 0 }
    folded.push(entry)
    if (change.detail === 'directory' && change.kind !== 'changed') open.set(`${change.kind} ${change.name}`, entry)
  }
  return folded.map(({ change, below }) =>
    change.detail === 'directory' && change.kind !== 'changed'
      ? { ...change, name: `${change.name}/`, detail: below === 0 ? '' : `${below} ${below === 1 ? 'file' : 'files'}` }
      : change,
  )
}

/** `/a/b/c` -> `/a/b`, `/a`. */
function parents(path: string): string[] {
  const result: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) result.push(path.slice(0, at))
  return result
}
