import type { PluginSection } from './find-plugin.js'
import { camelCase, comparable, configSpelling } from './setting-names.js'
import { settingsError, unknownSetting } from './settings.js'

/** The part of a Standard Schema (zod, valibot, arktype ...) that is used. Source: https://standardschema.dev, version 1. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult | Promise<SchemaResult>
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
 * Keys are spelt as in the schema where it shows its keys (zod, valibot), in camelCase otherwise.
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

/** Property names of an object schema. No standard way exists; zod calls them `shape`, valibot `entries`. */
function schemaKeys(schema: object): string[] | undefined {
  const { shape, entries } = schema as { shape?: unknown; entries?: unknown }
  const properties = [shape, entries].find((one) => typeof one === 'object' && one !== null)
  return properties ? Object.keys(properties) : undefined
}
