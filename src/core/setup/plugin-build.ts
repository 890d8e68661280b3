import { realpathSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { BuildOptions, BuildResult, Message } from 'esbuild'
import { buildError } from './build-errors.js'
import { fileOwnDefines, localFiles, type ReadFiles } from './local-files.js'
import { publicApiModule } from './public-api-module.js'
import { addFolder, isVirtual, resolutionPlaces, stampOf, Witnesses } from './witnesses.js'

/** A plugin's files bundled into one, with everything needed to tell whether it is still right. */
export interface PluginBuild {
  /** CommonJS, with an inline source map. */
  readonly code: string
  /** Name the code is evaluated under. No such file exists. */
  readonly outfile: string
  readonly entry: string
  /** The author's own files, without those of packages; the entry first. */
  readonly files: readonly string[]
  /** Their text as it was built. */
  readonly texts: ReadonlyMap<string, string>
  /** File -> import specifier -> file it resolved to. */
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly witnesses: Witnesses
}

export interface BuildPluginOptions {
  /** Section name, for messages. */
  readonly name: string
  readonly file: string
  /** Names that can be imported from 'starcluster'. */
  readonly exportNames: readonly string[]
  readonly bundledDir: string
}

/**
 * Bundles a plugin's local files and packages.
 * @throws PluginSyntaxError with every place that does not build
 */
export async function buildPlugin(options: BuildPluginOptions): Promise<PluginBuild> {
  const entry = realpathSync(options.file)
  const workingDir = dirname(entry)
  const outfile = join(workingDir, `${basename(entry, extname(entry))}.__starcluster.cjs`)
  const read: ReadFiles = { stamps: new Map(), texts: new Map() }
  const startedAtMs = Date.now()
  const result = await bundle(options, {
    entryPoints: [entry],
    outfile,
    absWorkingDir: workingDir,
    plugins: [publicApiModule(options.exportNames, options.bundledDir), localFiles(read)],
  })
  const places = resolutionPlaces(result.metafile, workingDir)
  addFolder(places, dirname(options.file))
  const inputs = Object.keys(result.metafile.inputs).filter((input) => !isVirtual(input))
  for (const input of inputs) {
    const file = resolve(workingDir, input)
    if (!read.stamps.has(file)) read.stamps.set(file, stampOf(file))
  }
  return {
    code: result.outputFiles[0]?.text ?? '',
    outfile,
    entry,
    files: [entry, ...[...read.texts.keys()].filter((file) => file !== entry)],
    texts: read.texts,
    imports: importMap(result.metafile.inputs, workingDir),
    witnesses: new Witnesses(read.stamps, places, startedAtMs),
  }
}

type Bundled = BuildResult<{ metafile: true; write: false }>

const bundleOptions = {
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  charset: 'utf8',
  // Names stay: classes are found and shown by name.
  keepNames: true,
  minify: false,
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'silent',
  tsconfigRaw: '{}',
  define: { ...fileOwnDefines },
} as const satisfies BuildOptions

async function bundle(options: BuildPluginOptions, own: BuildOptions): Promise<Bundled> {
  try {
    return (await withEsbuild((esbuild) => esbuild.build({ ...bundleOptions, ...own }))) as Bundled
  } catch (error) {
    const messages = (error as { errors?: Message[] }).errors
    if (!Array.isArray(messages)) throw error
    throw buildError(
      options.name,
      messages.map((message) => absolute(message, own.absWorkingDir ?? '.')),
      options.exportNames,
    )
  }
}

/** File names whole, and columns counted in characters: esbuild gives relative names and counts bytes. */
function absolute(message: Message, workingDir: string): Message {
  const { location } = message
  if (!location) return message
  const bytes = Buffer.from(location.lineText)
  const characters = (from: number, to: number) => bytes.subarray(from, to).toString().length
  return {
    ...message,
    location: {
      ...location,
      file: resolve(workingDir, location.file),
      column: characters(0, location.column),
      length: characters(location.column, location.column + location.length),
    },
  }
}

/**
 * Calls esbuild, loading it at the first use. Its child process shares our terminal, so Ctrl-C ends it too: then the
 * call is made again. Somebody else may have started a new child already, so ours is stopped only when that fails.
 */
async function withEsbuild<T>(call: (esbuild: typeof import('esbuild')) => Promise<T>): Promise<T> {
  const esbuild = await import('esbuild')
  try {
    return await call(esbuild)
  } catch (error) {
    if (!isServiceGone(error)) throw error
  }
  try {
    return await call(esbuild)
  } catch (error) {
    if (!isServiceGone(error)) throw error
  }
  await esbuild.stop()
  return await call(esbuild)
}

function isServiceGone(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error)
  return /The service (was stopped|is no longer running)|EPIPE|ERR_STREAM_DESTROYED|write after end/.test(message)
}

function importMap(inputs: Bundled['metafile']['inputs'], workingDir: string): Map<string, Map<string, string>> {
  const map = new Map<string, Map<string, string>>()
  for (const [input, { imports }] of Object.entries(inputs)) {
    const targets = new Map<string, string>()
    for (const { original, path, external } of imports) {
      if (original && !external) targets.set(original, isVirtual(path) ? original : resolve(workingDir, path))
    }
    map.set(resolve(workingDir, input), targets)
  }
  return map
}
