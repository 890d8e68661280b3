import type { ObjectExpression } from 'oxc-parser'
import { docBefore } from './doc-comment.js'
import { comparable, configSpelling } from './setting-names.js'
import type { ClassSource, SourceGraph } from './source-graph.js'
import { nameOf } from './source-module.js'
import type { JsonSchema } from './standard-schema.js'

/** One setting that a plugin's `static settings` declare. */
export interface SchemaSetting {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly fallback: string | undefined
  readonly doc: string | undefined
}

/** Settings of `static settings = z.object({ ... })` as they are written: the source of each is its type. */
export function writtenSettings(graph: SourceGraph, lineage: readonly ClassSource[]): SchemaSetting[] | undefined {
  for (const { node, file } of lineage) {
    for (const member of node.body.body) {
      if (member.type !== 'PropertyDefinition' || !member.static || nameOf(member.key) !== 'settings') continue
      const call = member.value?.type === 'CallExpression' ? member.value : undefined
      const object = call?.arguments.find((one) => one.type === 'ObjectExpression')
      return object ? propertiesOf(object, graph.text(file)) : []
    }
  }
  return undefined
}

function propertiesOf(object: ObjectExpression, text: string): SchemaSetting[] {
  return object.properties.flatMap((property) => {
    if (property.type !== 'Property') return []
    const type = text.slice(property.value.start, property.value.end)
    const required = !/\.(optional|default|nullish|catch)\(|\b(optional|nullish)\(/.test(type)
    return [{ name: nameOf(property.key), type, required, fallback: undefined, doc: docBefore(text, property.start) }]
  })
}

/** What the schema itself tells, with the doc comments of the source, and the source for what it does not tell. */
export function toldSettings(
  { properties = {}, required = [] }: JsonSchema,
  written: readonly SchemaSetting[],
): SchemaSetting[] {
  const inSource = new Map(written.map((one) => [comparable(one.name), one]))
  return Object.entries(properties).map(([name, property]) => {
    const source = inSource.get(comparable(name))
    return {
      name: configSpelling(name),
      type: typeText(property) ?? source?.type ?? 'see its schema',
      required: required.includes(name),
      fallback: property.default === undefined ? undefined : JSON.stringify(property.default),
      doc: source?.doc ?? property.description,
    }
  })
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'yes or no',
  number: 'number',
  integer: 'whole number',
  array: 'list',
}

function typeText({ type, enum: choices, const: only, anyOf }: JsonSchema): string | undefined {
  if (choices) return choices.join(' | ')
  if (only !== undefined) return String(only)
  if (anyOf) return anyOf.map((one) => typeText(one) ?? 'any').join(' | ')
  return typeof type === 'string' ? words[type] : undefined
}
