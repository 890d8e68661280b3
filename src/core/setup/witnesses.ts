import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Metafile } from 'esbuild'
import { look } from './look.js'

/** What a path looked like: changes whenever its content or, for a folder, its list of entries changes. */
export type Stamp = string

const absent: Stamp = ''

/** One system call. A missing path has a stamp too, so that its appearance is noticed. */
export function stampOf(path: string): Stamp {
  const stat = look(path)
  // ctime as well: `cp -p` and rsync keep mtime and size.
  return stat ? `${stat.mtimeMs}:${stat.ctimeMs}:${stat.size}:${stat.ino}` : absent
}

/**
 * Everything a build depended on: the files it read, and the folders and package files whose change could make an
 * import mean another file.
 */
export class Witnesses {
  private readonly stamps: Map<string, Stamp>
  private readonly settled: boolean

  /**
   * @param files stamps of the files, each taken before the file was read
   * @param places paths that decided how imports were resolved; stamped now
   * @param startedAtMs wall clock at which the build began
   */
  constructor(files: ReadonlyMap<string, Stamp>, places: ReadonlySet<string>, startedAtMs: number) {
    const stamps = new Map(files)
    for (const place of places) if (!stamps.has(place)) stamps.set(place, stampOf(place))
    this.stamps = stamps
    this.settled = [...stamps.values()].every((stamp) => isOlder(stamp, startedAtMs))
  }

  /** Adds a file that was read for the build's sake after it. */
  add(path: string, stamp: Stamp): void {
    this.stamps.set(path, stamp)
  }

  /** True when the same build would give the same result. Only looks at the file system's metadata. */
  hold(): boolean {
    if (!this.settled) return false
    for (const [path, stamp] of this.stamps) if (stampOf(path) !== stamp) return false
    return true
  }
}

/**
 * True when the path was last touched so long before `startedAtMs` that a later change must show in its stamp: file
 * systems keep times in ticks (some of 2 s), so two writes within one tick look alike.
 */
function isOlder(stamp: Stamp, startedAtMs: number): boolean {
  if (stamp === absent) return true
  const [modified, changed] = stamp.split(':').map(Number) as [number, number]
  const tickMs = modified % 1000 === 0 && changed % 1000 === 0 ? 2000 : 50
  return Math.max(modified, changed) < startedAtMs - tickMs
}

/** The paths that decided what each import of a finished build resolved to. */
export function resolutionPlaces(metafile: Metafile, workingDir: string): Set<string> {
  const places = new Set<string>()
  for (const [input, { imports }] of Object.entries(metafile.inputs)) {
    if (isVirtual(input)) continue
    const dir = dirname(resolve(workingDir, input))
    addFolder(places, dir)
    for (const { original } of imports) if (original) addImport(places, dir, original)
  }
  return places
}

/** A folder's own entries, and the package.json of it and of every folder above it (type, exports, imports, browser). */
export function addFolder(places: Set<string>, dir: string): void {
  if (places.has(dir)) return
  places.add(dir)
  for (const above of ancestors(dir)) places.add(join(above, 'package.json'))
}

function addImport(places: Set<string>, dir: string, specifier: string): void {
  if (isAbsolute(specifier) || /^\.\.?(\/|$)/.test(specifier)) {
    const target = resolve(dir, specifier)
    places.add(dirname(target))
    places.add(target)
    if (!look(target)?.isFile()) places.add(join(target, 'package.json'))
    return
  }
  if (specifier.startsWith('node:') || specifier.startsWith('#')) return
  const [first = '', second] = specifier.split('/')
  const name = first.startsWith('@') && second ? `${first}/${second}` : first
  for (const above of ancestors(dir)) {
    const modules = join(above, 'node_modules')
    const folder = join(modules, name)
    for (const place of [modules, dirname(folder), folder, join(folder, 'package.json')]) places.add(place)
    if (stampOf(folder) !== absent) break
  }
}

function* ancestors(dir: string): Generator<string> {
  for (let current = dir; ; current = dirname(current)) {
    yield current
    if (dirname(current) === current) return
  }
}

/** Inputs that are no files: `namespace:path`. */
export function isVirtual(input: string): boolean {
  return /^[\w-]{2,}:/.test(input)
}
