import { readdirSync, realpathSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { Class } from 'oxc-parser'
import { docBefore } from './doc-comment.js'
import { findPlugin, isPluginFile, type PluginPlaces, type PluginSection } from './find-plugin.js'
import type { Hook } from './hook-names.js'
import { look } from './look.js'
import { constructorParameters, type Setting, UnsupportedParameters } from './parameters.js'
import { describeThrown } from './plugin-errors.js'
import { camelCase, comparable, configSpelling, looksSecret } from './setting-names.js'
import { describeType } from './setting-type.js'
import { type ClassSource, SourceGraph } from './source-graph.js'
import { nameOf } from './source-module.js'

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

/** Every plugin there is: sections of the config, then classes of the plugin path, then bundled ones. Runs no plugin code. */
export async function describePlugins(
  sections: Iterable<PluginSection>,
  places: PluginPlaces,
): Promise<PluginDescription[]> {
  const named = await Promise.all([...sections].map((section) => describeSection(section, places)))
  const taken = new Set(named.map(({ file, setupClass }) => `${file} ${setupClass.split('.').at(-1)}`))
  const found: PluginDescription[] = []
  const folders = [...places.pluginPath.map((dir) => ({ dir, origin: 'plugin path' as const }))]
  for (const { dir, origin } of [...folders, { dir: places.bundledDir, origin: 'bundled' as const }]) {
    for (const file of pluginFiles(dir)) {
      for (const one of await describeFile(file, moduleName(dir, file), origin)) {
        const known = origin === 'plugin path' && taken.has(`${one.file} ${one.setupClass.split('.').at(-1)}`)
        if (!known) found.push(one)
      }
    }
  }
  return [...named, ...found]
}

async function describeSection(section: PluginSection, places: PluginPlaces): Promise<PluginDescription> {
  const base = { name: section.name, setupClass: section.setupClass, origin: 'config' as const }
  try {
    const { file, className } = findPlugin(section, places)
    const real = realpathSync(file)
    const graph = await graphOf()
    const source = classNamed(graph, real, className)
    if (!source) return { ...base, ...nothing, file: real, problem: `${real} exports no class ${className}` }
    return { ...base, ...describeClass(graph, source, section.settings) }
  } catch (error) {
    return { ...base, ...nothing, problem: describeThrown(error).replace(/^\w+: /, '') }
  }
}

const nothing = { file: undefined, doc: undefined, settings: [], hooks: [] }

async function describeFile(
  file: string,
  module: string,
  origin: PluginDescription['origin'],
): Promise<PluginDescription[]> {
  const graph = await graphOf()
  return graph.exportedClassNames(file).flatMap((exported) => {
    const source = graph.exportedClass(file, exported)
    if (!source || source.node.abstract || !isPlugin(graph, source)) return []
    const setupClass = `${module}.${exported === 'default' ? (source.node.id?.name ?? exported) : exported}`
    return [{ name: setupClass, setupClass, origin, ...describeClass(graph, source, new Map()) }]
  })
}

/** Sources are read from disk as they are needed. */
const graphOf = () => SourceGraph.of({ texts: new Map(), imports: new Map() })

function classNamed(graph: SourceGraph, file: string, name: string): ClassSource | undefined {
  const found = graph.exportedClass(file, name)
  if (found) return found
  const fallback = graph.exportedClass(file, 'default')
  return fallback?.node.id?.name === name ? fallback : undefined
}

function describeClass(graph: SourceGraph, source: ClassSource, given: ReadonlyMap<string, string>) {
  const parameters = schemaSettings(graph, source) ?? constructorParameters(graph, source)
  const problem =
    parameters instanceof UnsupportedParameters && !parameters.harmlessWithoutSettings ? parameters.reason : undefined
  const settings =
    parameters instanceof UnsupportedParameters
      ? []
      : parameters.flatMap((one) => (one.kind === 'value' ? [one.setting] : one.settings))
  const values = new Map([...given].map(([key, value]) => [comparable(key), value]))
  return {
    file: source.file,
    doc: docBefore(graph.text(source.file), source.node.start),
    settings: settings.map((setting) => describeSetting(setting, values.get(comparable(setting.name)))),
    hooks: hookNames.filter((hook) => lineage(graph, source).some(({ node }) => hasMethod(node, hook))),
    problem,
  }
}

function describeSetting(
  { name, type, required, fallback, doc }: Setting,
  value: string | undefined,
): SettingDescription {
  const shown = value !== undefined && looksSecret(name) ? '(not shown)' : value
  return { name: configSpelling(name), type: describeType(type), required, fallback, doc, value: shown }
}

/** Settings of `static settings = z.object({ ... })`: their names, and the source of each as its type. */
function schemaSettings(graph: SourceGraph, source: ClassSource) {
  const text = graph.text(source.file)
  for (const { node } of lineage(graph, source)) {
    for (const member of node.body.body) {
      if (member.type !== 'PropertyDefinition' || !member.static || nameOf(member.key) !== 'settings') continue
      const call = member.value?.type === 'CallExpression' ? member.value : undefined
      const object = call?.arguments.find((one) => one.type === 'ObjectExpression')
      if (object?.type !== 'ObjectExpression') return []
      const settings = object.properties.flatMap((property): Setting[] => {
        if (property.type !== 'Property') return []
        const written = text.slice(property.value.start, property.value.end)
        const type = { kind: 'choice' as const, choices: [written] }
        const required = !/\.(optional|default|nullish|catch)\(|\b(optional|nullish)\(/.test(written)
        return [{ name: nameOf(property.key), required, type, doc: docBefore(text, property.start) }]
      })
      return [{ kind: 'object' as const, settings }]
    }
  }
  return undefined
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
