import type { Logger } from '../log.js'
import type { PluginDescription } from './catalogue.js'
import type { ClusterSetup } from './cluster-setup.js'
import { isClusterSetup } from './cluster-setup.js'
import { findPlugin, type PluginSection } from './find-plugin.js'
import { adoptSnakeCaseHooks } from './hook-names.js'
import { UnsupportedParameters } from './parameters.js'
import { buildPlugin } from './plugin-build.js'
import { exportedClass, type PluginClass } from './plugin-class.js'
import { describeThrown, PluginError, PluginLoadError } from './plugin-errors.js'
import { PluginModule, type PluginVersion } from './plugin-module.js'
import { constructorArguments, settingsError } from './settings.js'
import { isStandardSchema, jsonSchemaOf, parseWithSchema } from './standard-schema.js'

export interface PluginLoaderOptions {
  /** Folders searched for plugins, first to last; asked at each load. */
  readonly pluginPath: () => readonly string[]
  /** Folder of the bundled plugins' source, searched last. */
  readonly bundledDir: string
  /** What `import ... from 'starcluster'` means in a plugin. */
  readonly publicApi: object
  readonly log: Logger
}

/** A plugin ready to be run: an instance with the settings its section has now. */
export interface LoadedPlugin {
  /** Section name in the config. */
  readonly name: string
  readonly setupClass: string
  readonly instance: ClusterSetup
  /** The author's files it is made of, the entry first. */
  readonly files: readonly string[]
  /** Present when the code changed since this plugin was last loaded. */
  readonly reloaded?: { readonly files: number; readonly ms: number }
  /** `FILE:LINE` in the plugin where an error came from. */
  readonly locate?: (error: unknown) => string | undefined
}

/** What `reload` did to one plugin. */
export interface ReloadedPlugin {
  readonly name: string
  readonly files: number
  readonly ms: number
  /** The plugin cannot be loaded as it is now. */
  readonly error?: unknown
}

/** Loads plugins from their source and keeps up with edits. */
export class PluginLoader {
  private readonly modules = new Map<string, PluginModule>()
  /** Section name -> what was last loaded for it. */
  private readonly loaded = new Map<string, { setupClass: string; version: number; files: readonly string[] }>()
  private readonly noticed = new Set<string>()
  private readonly exportNames: readonly string[]

  constructor(private readonly options: PluginLoaderOptions) {
    this.exportNames = Object.keys(options.publicApi)
  }

  /**
   * A new instance of the plugin, from the code and the settings as they are now. Unchanged code costs a look at its
   * files' times only.
   * @throws PluginSyntaxError, PluginLoadError, PluginError
   */
  async load(section: PluginSection): Promise<LoadedPlugin> {
    const { file, className } = this.find(section)
    const version = await this.moduleOf(file).load(section.name)
    const { value, exportName } = exportedClass(section, className, version.files[0] ?? file, version.exports)
    const args = await settingsOf(section, className, value, () => version.parametersOf(exportName))
    const instance = construct(section, className, value, args, version)
    this.noticeOldNames(section, instance)
    const reloaded = this.announce(section, version)
    return {
      name: section.name,
      setupClass: section.setupClass,
      instance,
      files: version.files,
      ...(reloaded ? { reloaded } : {}),
      locate: (error) => version.positions.topFrame(error),
    }
  }

  /** Rebuilds every plugin loaded so far, changed or not. Gives those that changed or no longer load. */
  async reload(): Promise<ReloadedPlugin[]> {
    const results: ReloadedPlugin[] = []
    for (const [name, last] of this.loaded) {
      try {
        const { file } = this.find({ name, setupClass: last.setupClass, settings: new Map() })
        const version = await this.moduleOf(file).load(name, { force: true })
        if (version.number !== last.version) results.push({ name, files: version.files.length, ms: version.ms })
        this.loaded.set(name, { ...last, version: version.number, files: version.files })
      } catch (error) {
        results.push({ name, files: 0, ms: 0, error })
      }
    }
    return results
  }

  /** What plugins there are, sections first; see `describePlugins`. */
  async describe(sections: Iterable<PluginSection>): Promise<PluginDescription[]> {
    const { describePlugins } = await import('./catalogue.js')
    const { bundledDir } = this.options
    return describePlugins(
      sections,
      { pluginPath: this.options.pluginPath(), bundledDir },
      {
        build: (name, file) => buildPlugin({ name, file, exportNames: this.exportNames, bundledDir }),
        schema: async (name, file, className) => {
          const { exports } = await this.moduleOf(file).load(name)
          const { value } = exportedClass(
            { name, setupClass: className, settings: new Map() },
            className,
            file,
            exports,
          )
          return isStandardSchema(value.settings) ? jsonSchemaOf(value.settings) : undefined
        },
      },
    )
  }

  /** Folders searched now, in order, without that of the bundled plugins. */
  get folders(): readonly string[] {
    return this.options.pluginPath()
  }

  /** Files a plugin was made of when it was last loaded; none when it never was. */
  filesOf(name: string): readonly string[] {
    return this.loaded.get(name)?.files ?? []
  }

  /** Forgets all plugins, after builds under way have ended. Nothing of the loader keeps a process alive. */
  async dispose(): Promise<void> {
    const modules = [...this.modules.values()]
    this.modules.clear()
    this.loaded.clear()
    await Promise.all(modules.map((module) => module.idle()))
  }

  private find(section: PluginSection) {
    return findPlugin(section, { pluginPath: this.options.pluginPath(), bundledDir: this.options.bundledDir })
  }

  private moduleOf(file: string): PluginModule {
    const { bundledDir, publicApi } = this.options
    const known = this.modules.get(file)
    const module = known ?? new PluginModule({ file, exportNames: this.exportNames, bundledDir }, publicApi)
    this.modules.set(file, module)
    return module
  }

  private announce(section: PluginSection, version: PluginVersion): { files: number; ms: number } | undefined {
    const last = this.loaded.get(section.name)
    this.loaded.set(section.name, {
      setupClass: section.setupClass,
      version: version.number,
      files: version.files,
    })
    if (!last || last.version === version.number) return undefined
    const files = version.files.length
    this.options.log.info(
      `Reloaded ${section.name} (${files} ${files === 1 ? 'file' : 'files'}, ${Math.max(1, Math.round(version.ms))} ms)`,
    )
    return { files, ms: version.ms }
  }

  private noticeOldNames(section: PluginSection, instance: ClusterSetup): void {
    const names = adoptSnakeCaseHooks(instance)
    if (names.length === 0 || this.noticed.has(section.setupClass)) return
    this.noticed.add(section.setupClass)
    this.options.log.warn(
      `plugin ${section.name}: ${names.join(', ')} works, but hooks are written in camelCase now (on_add_node is onAddNode)`,
    )
  }
}

async function settingsOf(
  section: PluginSection,
  className: string,
  value: PluginClass,
  parametersOf: () => ReturnType<PluginVersion['parametersOf']>,
): Promise<unknown[]> {
  if (isStandardSchema(value.settings)) return [await parseWithSchema(section, className, value.settings)]
  const parameters = await parametersOf()
  if (!(parameters instanceof UnsupportedParameters)) return constructorArguments(section, className, parameters)
  if (section.settings.size === 0 && parameters.harmlessWithoutSettings) return []
  throw settingsError(
    section,
    [`the constructor of ${className} cannot be given settings: ${parameters.reason}`],
    undefined,
  )
}

function construct(
  section: PluginSection,
  className: string,
  value: PluginClass,
  args: unknown[],
  version: PluginVersion,
): ClusterSetup {
  let instance: unknown
  try {
    instance = new value(...args)
  } catch (error) {
    const where = version.positions.topFrame(error) ?? version.files[0]
    throw new PluginLoadError(
      `plugin ${section.name}: the constructor of ${className} failed at ${where}: ${describeThrown(error)}`,
      { cause: error },
    )
  }
  const file = version.files[0]
  if (!isClusterSetup(instance)) {
    throw new PluginError(`plugin ${section.name}: ${className} in ${file} is not a ClusterSetup`, {
      hint: `write: import { ClusterSetup } from 'starcluster' and: class ${className} extends ClusterSetup`,
    })
  }
  if (typeof instance.run !== 'function') {
    throw new PluginError(`plugin ${section.name}: ${className} in ${file} has no method run`, {
      hint: 'write: async run(nodes, master, user, userShell, volumes) { ... }',
    })
  }
  return instance
}
