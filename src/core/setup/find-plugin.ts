import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { nearest } from '../nearest.js'
import { bundledModuleName, isNotPorted } from './bundled-names.js'
import { look } from './look.js'
import { PluginError, PluginLoadError } from './plugin-errors.js'

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/** A `[plugin NAME]` section of the config: its name, its `setup_class` and everything else in it as raw text. */
export interface PluginSection {
  readonly name: string
  readonly setupClass: string
  readonly settings: ReadonlyMap<string, string>
}

export interface FoundPlugin {
  /** Absolute path of the source file. */
  readonly file: string
  readonly className: string
}

export interface PluginPlaces {
  /** Folders in the order they are searched. */
  readonly pluginPath: readonly string[]
  /** Folder of the bundled plugins, searched last. */
  readonly bundledDir: string
}

/**
 * The source file and class that `setup_class = module.Class` means.
 *
 * `a.b.Class` is class `Class` of `a/b.ts`. A folder with `index.ts` is a module too.
 * @throws PluginError when setup_class is malformed
 * @throws PluginLoadError when no such file exists, or only one in Python
 */
export function findPlugin(section: PluginSection, places: PluginPlaces): FoundPlugin {
  const { module, className } = splitSetupClass(section)
  const original = bundledModuleName(module)
  const dirs = original === undefined ? [...places.pluginPath, places.bundledDir] : [places.bundledDir]
  const name = original ?? module
  const base = name.split('.').join(sep)
  for (const dir of dirs) {
    const file = moduleFile(join(dir, base))
    if (file) return { file, className }
    const python = pythonFile(join(dir, base))
    if (python) throw writtenInPython(section, python)
  }
  if (isNotPorted(name)) throw notPortedYet(section, name, places)
  throw moduleNotFound(section, name, dirs)
}

function splitSetupClass(section: PluginSection): { module: string; className: string } {
  const match = /^((?:[\p{L}\w-]+\.)*[\p{L}\w-]+)\.([\p{L}\w$]+)$/u.exec(section.setupClass)
  if (match?.[1] && match[2]) return { module: match[1], className: match[2] }
  throw new PluginError(
    `[plugin ${section.name}] setup_class = ${section.setupClass}: expected module.Class, a file name and a class in it`,
    {
      hint: 'for class PackageInstaller in ~/.starcluster/plugins/ubuntu.ts write: setup_class = ubuntu.PackageInstaller',
    },
  )
}

function moduleFile(base: string): string | undefined {
  for (const extension of extensions) if (isFile(base + extension)) return base + extension
  for (const extension of extensions) {
    const index = join(base, `index${extension}`)
    if (isFile(index)) return index
  }
  return undefined
}

function pythonFile(base: string): string | undefined {
  return [`${base}.py`, join(base, '__init__.py')].find(isFile)
}

function isFile(path: string): boolean {
  return look(path)?.isFile() ?? false
}

function writtenInPython(section: PluginSection, file: string): PluginLoadError {
  return new PluginLoadError(
    `plugin ${section.name}: ${file} is a Python plugin; plugins are TypeScript or JavaScript`,
    {
      hint: `port it to ${file.replace(/(\/__init__)?\.py$/, '.ts')}; docs/porting.md translates the API call by call`,
    },
  )
}

function notPortedYet(section: PluginSection, module: string, places: PluginPlaces): PluginLoadError {
  return new PluginLoadError(`plugin ${section.name}: the original's plugin ${module} is not ported yet`, {
    hint: `bundled plugins: ${modulesIn(places.bundledDir).join(', ')}; docs/plugins.md shows how to write one`,
  })
}

function moduleNotFound(section: PluginSection, module: string, dirs: readonly string[]): PluginLoadError {
  const guess = nearest(module, dirs.flatMap(modulesIn))
  const folders = dirs.length === 1 ? dirs[0] : dirs.join(', ')
  return new PluginLoadError(
    `plugin ${section.name}: no file for setup_class = ${section.setupClass}: looked for ${module.split('.').join('/')}.ts (or .js) in ${folders}`,
    {
      hint: guess
        ? `did you mean ${guess}.${section.setupClass.split('.').at(-1)}?`
        : `write the plugin to ${join(dirs[0] ?? '.', ...module.split('.'))}.ts, or correct setup_class`,
    },
  )
}

/** Names that setup_class could use: files of a folder and, with a dot, of the folders in it. */
function modulesIn(dir: string): string[] {
  const names = new Set<string>()
  for (const entry of listDir(dir)) {
    const module = moduleNameOf(entry)
    if (module) names.add(module)
    else if (!entry.startsWith('.') && entry !== 'node_modules') {
      for (const inner of listDir(join(dir, entry))) {
        const name = moduleNameOf(inner)
        if (name) names.add(name === 'index' ? entry : `${entry}.${name}`)
      }
    }
  }
  return [...names].sort()
}

/** A file that can hold plugins, by its name. */
export function isPluginFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf(sep) + 1)
  return moduleNameOf(name) !== undefined && !/\.(test|spec)\.[cm]?[jt]s$/.test(name) && isFile(path)
}

function moduleNameOf(entry: string): string | undefined {
  const extension = extensions.find((candidate) => entry.endsWith(candidate))
  if (!extension || entry.endsWith('.d.ts') || entry.startsWith('.')) return undefined
  return entry.slice(0, -extension.length)
}

function listDir(dir: string): string[] {
  if (!look(dir)?.isDirectory()) return []
  return readdirSync(dir)
}
