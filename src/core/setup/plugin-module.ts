import { evaluateBundle } from './evaluate.js'
import { constructorParameters, type Parameter, UnsupportedParameters } from './parameters.js'
import { type BuildPluginOptions, buildPlugin, type PluginBuild } from './plugin-build.js'
import { describeThrown, PluginLoadError } from './plugin-errors.js'
import { SourceGraph } from './source-graph.js'
import { SourcePositions } from './source-positions.js'

/** A plugin file as it was built and run once. Instances made from it keep it; a later edit makes another. */
export interface PluginVersion {
  /** Another number means other code. */
  readonly number: number
  readonly files: readonly string[]
  readonly exports: unknown
  readonly positions: SourcePositions
  /** What building and evaluating took, in milliseconds. */
  readonly ms: number
  /** The parameters of an exported class's constructor; see `constructorParameters`. */
  readonly parametersOf: (exportName: string) => Promise<Parameter[] | UnsupportedParameters>
}

/** One plugin file, rebuilt when anything it is made of has changed. */
export class PluginModule {
  private current: { readonly version: PluginVersion; readonly build: PluginBuild } | undefined
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly options: Omit<BuildPluginOptions, 'name'>,
    private readonly publicApi: object,
  ) {}

  /**
   * The version that matches the files as they are now. When none can be made it throws, and the next call tries
   * again: an older version is never given.
   * @param force build even when nothing seems to have changed
   * @throws PluginSyntaxError when it does not build
   * @throws PluginLoadError when its top level throws
   */
  load(name: string, { force = false } = {}): Promise<PluginVersion> {
    const next = this.last.then(() => this.refresh(name, force))
    this.last = next.catch(() => undefined)
    return next
  }

  /** Resolves when no build is under way. */
  async idle(): Promise<void> {
    await this.last
  }

  private async refresh(name: string, force: boolean): Promise<PluginVersion> {
    const previous = this.current
    if (!force && previous?.build.witnesses.hold()) return previous.version
    const started = performance.now()
    // Until all went well there is no version to trust.
    this.current = undefined
    const build = await buildPlugin({ ...this.options, name })
    const parametersOf = parameterReader(build)
    let version: PluginVersion
    if (previous && isSame(previous.build, build)) version = { ...previous.version, parametersOf }
    else {
      const positions = new SourcePositions(build)
      const exports = this.evaluate(name, build, positions)
      const ms = performance.now() - started
      version = { number: nextNumber(), files: build.files, exports, positions, ms, parametersOf }
    }
    this.current = { version, build }
    return version
  }

  private evaluate(name: string, build: PluginBuild, positions: SourcePositions): unknown {
    // Before the code is compiled, else Node does not read its map.
    process.setSourceMapsEnabled(true)
    try {
      return evaluateBundle(build.code, build.outfile, this.publicApi)
    } catch (error) {
      const where = positions.topFrame(error) ?? build.entry
      throw new PluginLoadError(`plugin ${name}: ${where} failed when it was loaded: ${describeThrown(error)}`, {
        cause: error,
        hint: 'this is code at the top level of the file; nothing else of it was run',
      })
    }
  }
}

/** Reads constructors of a build when asked, each once. */
function parameterReader(build: PluginBuild): PluginVersion['parametersOf'] {
  const known = new Map<string, Parameter[] | UnsupportedParameters>()
  let graph: SourceGraph | undefined
  return async (exportName) => {
    const before = known.get(exportName)
    if (before) return before
    graph ??= await SourceGraph.of(build)
    const source = graph.exportedClass(build.entry, exportName)
    const found = source
      ? constructorParameters(graph, source)
      : new UnsupportedParameters('it was not found in the source; write it as class NAME ... and export it', true)
    for (const [file, stamp] of graph.alsoRead) build.witnesses.add(file, stamp)
    known.set(exportName, found)
    return found
  }
}

/** Types are not in the code, yet settings are read by them: so the source counts too. */
function isSame(one: PluginBuild, other: PluginBuild): boolean {
  if (one.code !== other.code || one.texts.size !== other.texts.size) return false
  return [...one.texts].every(([file, text]) => other.texts.get(file) === text)
}

let versions = 0

function nextNumber(): number {
  return ++versions
}
