import type { PluginSection } from './find-plugin.js'
import { camelCase, comparable, configSpelling } from './setting-names.js'
import { settingsError, unknownSetting } from './settings.js'

/** The part of a Standard Schema (zod, valibot, arktype ...) that is used. Source: https://standardschema.dev, version 1. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult | Promise<SchemaResult>
    /** Source: https://standardschema.dev/json-schema. Not every library has it. */
    readonly jsonSchema?: { input(options: { target: string }): JsonSchema }
  }
}

/** The part of a JSON Schema that says what settings there are. */
export interface JsonSchema {
  readonly type?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly default?: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

/** What a schema takes, where its library tells (zod, arktype); undefined also for one that JSON Schema cannot express. */
export function jsonSchemaOf(schema: StandardSchema): JsonSchema | undefined {
  try {
    return schema['~standard'].jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    return undefined
  }
}

type SchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export function isStandardSchema(value: unknown): value is StandardSchema {
  // arktype's schemas are functions.
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  const standard = (value as Partial<StandardSchema>)['~standard']
  return typeof standard?.validate === 'function'
}

/**
 * The section's settings as the schema wants them, parsed by it, defaults included.
 *
 * Keys are spelt as in the schema where it shows its keys (zod, valibot, arktype), in camelCase otherwise.
 * @throws PluginError with every issue, by setting
 */
export async function parseWithSchema(
  section: PluginSection,
  className: string,
  schema: StandardSchema,
): Promise<unknown> {
  const keys = schemaKeys(schema)
  const spelling = new Map(keys?.map((key) => [comparable(key), key]))
  const input: Record<string, string> = {}
  const problems: string[] = []
  for (const [key, raw] of section.settings) {
    const name = keys ? spelling.get(comparable(key)) : camelCase(key)
    if (name === undefined) problems.push(unknownSetting(key, keys ?? []))
    else if (name in input) problems.push(`${configSpelling(name)} is given twice; keep one`)
    else input[name] = raw
  }
  const result = await schema['~standard'].validate(input)
  if (result.issues) problems.push(...result.issues.map((issue) => issueText(issue)))
  if (problems.length > 0) {
    const list = keys && keys.length > 0 ? `${className} takes: ${keys.map(configSpelling).join(', ')}` : undefined
    throw settingsError(section, problems, list ?? `see static settings of ${className}`)
  }
  return (result as { value: unknown }).value
}

/** Values are left out: they may be passwords. */
function issueText({ message, path }: SchemaIssue): string {
  const keys = path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? []
  const [first] = keys
  if (first === undefined) return message
  return `${[configSpelling(first), ...keys.slice(1)].join('.')}: ${message}`
}

/** Property names of an object schema, as the library tells them; older ones of zod have `shape`, valibot `entries`. */
function schemaKeys(schema: StandardSchema): string[] | undefined {
  const { shape, entries } = schema as { shape?: unknown; entries?: unknown }
  const properties = [shape, entries, jsonSchemaOf(schema)?.properties].find(
    (one) => typeof one === 'object' && one !== null,
  )
  return properties ? Object.keys(properties) : undefined
}
