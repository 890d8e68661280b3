import type { JsonSchema } from '../../src/cli/output/schema.js'

/** What of a value is not as the schema says, each with its place. */
export function violations(schema: JsonSchema, value: unknown, at = '$'): string[] {
  const types = [schema.type].flat()
  if (!types.includes(typeOf(value))) return [`${at} is ${typeOf(value)}, not ${types.join(' or ')}`]
  if (value === null) return []
  if (schema.format === 'date-time' && new Date(value as string).toISOString() !== value)
    return [`${at} is no ISO time`]
  if (Array.isArray(value)) return value.flatMap((one, i) => violations(schema.items ?? schema, one, `${at}[${i}]`))
  if (typeof value !== 'object') return []
  const { properties = {}, required = [], additionalProperties: more = true } = schema
  const missing = required.filter((key) => !(key in value)).map((key) => `${at}.${key} is missing`)
  const wrong = Object.entries(value).flatMap(([key, one]) => {
    const own = properties[key] ?? (typeof more === 'object' ? more : undefined)
    if (own) return violations(own, one, `${at}.${key}`)
    return more === false ? [`${at}.${key} is not in the schema`] : []
  })
  return [...missing, ...wrong]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
