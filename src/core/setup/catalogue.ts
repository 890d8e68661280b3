import { readdirSync, realpathSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { Class } from 'oxc-parser'
import { docBefore } from './doc-comment.js'
import { findPlugin, isPluginFile, type PluginPlaces, type PluginSection } from './find-plugin.js'
import type { Hook } from './hook-names.js'
import { look } from './look.js'
import { constructorParameters, type Parameter, UnsupportedParameters } from './parameters.js'
import { describeThrown } from './plugin-errors.js'
import { type SchemaSetting, toldSettings, writtenSettings } from './schema-settings.js'
import { camelCase, comparable, configSpelling, looksSecret } from './setting-names.js'
import { describeType } from './setting-type.js'
import { constructorArguments } from './settings.js'
import { type BuiltSource, type ClassSource, SourceGraph } from './source-graph.js'
import { nameOf } from './source-module.js'
import type { JsonSchema } from './standard-schema.js'

/** One setting of a plugin, as its author declared it. */
export interface SettingDescription {
  /** As it is written in the config. */
  readonly name: string
  /** `text`, `number`, `yes or no`, `list`, or the words it can be. */
  readonly type: string
  readonly required: boolean
  /** The default as it is written in the source. */
  readonly fallback: string | undefined
  readonly doc: string | undefined
  /** What the config sets it to; `(not shown)` for a password and its like. */
  readonly value: string | undefined
}

/** A plugin that can be run, or a class that needs only a section to be one. */
export interface PluginDescription {
  /** Name of its section; of one without a section, its setup_class. */
  readonly name: string
  readonly setupClass: string
  readonly origin: 'config' | 'plugin path' | 'bundled'
  readonly file: string | undefined
  readonly doc: string | undefined
  readonly settings: readonly SettingDescription[]
  readonly hooks: readonly Hook[]
  /** Why it cannot be described; it cannot be run either. */
  readonly problem: string | undefined
}

const hookNames: readonly Hook[] = ['run', 'onAddNode', 'onRemoveNode', 'onRestart', 'onShutdown', 'verify']

/** How descriptions come by what the sources alone do not tell. */
export interface PluginReader {
  /** @throws PluginSyntaxError for a plugin that does not build */
  build(name: string, file: string): Promise<BuiltSource>
  /** The JSON Schema of a class that declares `static settings`; runs the top level of its file. */
  schema(name: string, file: string, className: string): Promise<JsonSchema | undefined>
}

/**
 * Every plugin there is: sections of the config, then classes of the plugin path, then bundled ones. Read from the
 * sources: only of a class with `static settings` the file's top level is run, since only then its schema can be asked.
 */
export async function describePlugins(
  sections: Iterable<PluginSection>,
  places: PluginPlaces,
  reader: PluginReader,
): Promise<PluginDescription[]> {
  const named = await Promise.all([...sections].map((section) => describeSection(section, places, reader)))
  const inConfig = new Set(named.map(classOf))
  const filesInConfig = new Set(named.map(({ file }) => file))
  const folders = places.pluginPath.map((dir) => ({ dir, origin: 'plugin path' as const }))
  const found: PluginDescription[] = []
  for (const { dir, origin } of [...folders, { dir: places.bundledDir, origin: 'bundled' as const }]) {
    for (const file of pluginFiles(dir)) {
      for (const one of await describeFile(file, moduleName(dir, file), origin, reader)) {
        // A file that does not build has no classes to compare.
        const known =
          one.problem !== undefined && one.settings.length === 0 ? filesInConfig.has(file) : inConfig.has(classOf(one))
        if (origin === 'bundled' || !known) found.push(one)
      }
    }
  }
  return [...named, ...found]
}

const classOf = ({ file, setupClass }: PluginDescription) => `${file} ${setupClass.split('.').at(-1)}`

async function describeSection(
  section: PluginSection,
  places: PluginPlaces,
  reader: PluginReader,
): Promise<PluginDescription> {
  const base = { name: section.name, setupClass: section.setupClass, origin: 'config' as const }
  let file: string | undefined
  try {
    const found = findPlugin(section, places)
    file = realpathSync(found.file)
    const graph = await SourceGraph.of(await reader.build(section.name, file))
    const source = classNamed(graph, file, found.className)
    if (source) return { ...base, ...(await describeClass(graph, source, section, reader)) }
    return { ...base, ...nothing, file, problem: `${file} exports no class ${found.className}` }
  } catch (error) {
    return { ...base, ...nothing, file, problem: problemOf(error) }
  }
}

const nothing = { doc: undefined, settings: [], hooks: [] }

const problemOf = (error: unknown) => describeThrown(error).replace(/^\w+: /, '')

async function describeFile(
  file: string,
  module: string,
  origin: PluginDescription['origin'],
  reader: PluginReader,
): Promise<PluginDescription[]> {
  try {
    const graph = await SourceGraph.of(await reader.build(module, file))
    const described = graph.exportedClassNames(file).map(async (exported) => {
      const source = graph.exportedClass(file, exported)
      if (!source || source.node.abstract || !isPlugin(graph, source)) return []
      const setupClass = `${module}.${exported === 'default' ? (source.node.id?.name ?? exported) : exported}`
      return [
        {
          name: setupClass,
          setupClass,
          origin,
          ...(await describeClass(graph, source, undefined, reader, setupClass)),
        },
      ]
    })
    return (await Promise.all(described)).flat()
  } catch (error) {
    return [{ name: module, setupClass: module, origin, ...nothing, file, problem: problemOf(error) }]
  }
}

function classNamed(graph: SourceGraph, file: string, name: string): ClassSource | undefined {
  const found = graph.exportedClass(file, name)
  if (found) return found
  const fallback = graph.exportedClass(file, 'default')
  return fallback?.node.id?.name === name ? fallback : undefined
}

/** @param section its section in the config; undefined for a class that has none */
async function describeClass(
  graph: SourceGraph,
  source: ClassSource,
  section: PluginSection | undefined,
  reader: PluginReader,
  setupClass = section?.setupClass ?? '',
) {
  const classes = lineage(graph, source)
  const about = {
    file: source.file,
    doc: docBefore(graph.text(source.file), source.node.start),
    hooks: hookNames.filter((hook) => classes.some(({ node }) => hasMethod(node, hook))),
  }
  const given = new Map([...(section?.settings ?? [])].map(([key, value]) => [comparable(key), value]))
  const describe = (setting: SchemaSetting) => describeSetting(setting, given.get(comparable(setting.name)))
  const written = writtenSettings(graph, classes)
  if (written) {
    const className = setupClass.split('.').at(-1) ?? ''
    try {
      const schema = await reader.schema(section?.name ?? setupClass, source.file, className)
      const settings = schema?.properties ? toldSettings(schema, written) : written
      return { ...about, settings: settings.map(describe), problem: undefined }
    } catch (error) {
      return { ...about, settings: written.map(describe), problem: problemOf(error) }
    }
  }
  const parameters = constructorParameters(graph, source)
  if (parameters instanceof UnsupportedParameters) {
    return { ...about, settings: [], problem: parameters.harmlessWithoutSettings ? undefined : parameters.reason }
  }
  const settings = parameters.flatMap((one) => (one.kind === 'value' ? [one.setting] : one.settings))
  return {
    ...about,
    settings: settings.map(({ doc, fallback, ...one }) =>
      describe({ ...one, type: describeType(one.type), doc, fallback }),
    ),
    problem: section && settingsProblem(section, parameters),
  }
}

/** What a run would say of the section's settings. */
function settingsProblem(section: PluginSection, parameters: readonly Parameter[]): string | undefined {
  try {
    constructorArguments(section, section.setupClass, parameters)
    return undefined
  } catch (error) {
    return problemOf(error)
  }
}

function describeSetting(
  { name, type, required, fallback, doc }: SchemaSetting,
  value: string | undefined,
): SettingDescription {
  const shown = (text: string | undefined) => (text !== undefined && looksSecret(name) ? '(not shown)' : text)
  return { name: configSpelling(name), type, required, fallback: shown(fallback), doc, value: shown(value) }
}

/** The class and those it extends, as far as we have their source. */
function lineage(graph: SourceGraph, start: ClassSource): ClassSource[] {
  const classes = [start]
  for (
    let base = graph.superClass(start);
    typeof base === 'object' && classes.length < 32;
    base = graph.superClass(base)
  ) {
    classes.push(base)
  }
  return classes
}

function isPlugin(graph: SourceGraph, source: ClassSource): boolean {
  const last = lineage(graph, source).at(-1)
  return last !== undefined && graph.superClass(last) === 'starcluster'
}

function hasMethod(node: Class, hook: Hook): boolean {
  return node.body.body.some(
    (member) =>
      'key' in member &&
      member.key !== null &&
      !('static' in member && member.static) &&
      camelCase(nameOf(member.key as never)) === hook,
  )
}

/** Plugin files of a folder and of the folders in it. */
function pluginFiles(dir: string): string[] {
  if (!look(dir)?.isDirectory()) return []
  const entries = readdirSync(dir, { withFileTypes: true })
  const direct = entries.map(({ name }) => join(dir, name)).filter(isPluginFile)
  const inner = entries.flatMap((entry) => {
    if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules') return []
    return readdirSync(join(dir, entry.name))
      .map((name) => join(dir, entry.name, name))
      .filter(isPluginFile)
  })
  return [...direct, ...inner].map((file) => realpathSync(file)).sort()
}

function moduleName(dir: string, file: string): string {
  const path = relative(realpathSync(dir), file)
  const parts = path.slice(0, -extname(path).length).split(sep)
  return (parts.at(-1) === 'index' ? parts.slice(0, -1) : parts).join('.')
}
