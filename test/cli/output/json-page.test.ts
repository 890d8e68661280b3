import { expect, test } from 'vitest'
import type { Listing } from '../../../src/cli/output/listing.js'
import { type JsonSchema, listSchema } from '../../../src/cli/output/schema.js'
import { commands } from '../../../src/cli/registry.js'

const head = `# JSON of the listing commands

\`--json\` prints one JSON value on stdout and nothing else; what is told meanwhile goes to stderr. Every key is always there,
\`null\` where there is nothing to tell. Times are ISO 8601 in UTC, sizes are GiB unless said otherwise, prices US dollars an hour.
Keys are only ever added. This page is made from the commands; a test keeps it so (\`npx vitest run test/cli/output --update\`).
`

interface Described {
  readonly listing?: Listing<never>
  readonly schema?: JsonSchema
}

test('docs/json.md tells the shape of each listing', async () => {
  const parts: string[] = [head]
  for (const { name, aliases, load } of commands) {
    const { listing, schema } = (await load()) as Described
    const shape = listing ? listSchema(listing.fields) : schema
    if (!shape) continue
    const title = `## ${[name, ...aliases].join(', ')}`
    const what = shape.type === 'array' ? 'An array; of each item:' : 'An object:'
    parts.push(`${title}\n\n${what}\n\n| key | type | meaning |\n| --- | --- | --- |\n${rows(shape, '').join('\n')}\n`)
  }
  expect(parts.length).toBeGreaterThan(10)
  await expect(parts.join('\n')).toMatchFileSnapshot('../../../docs/json.md')
})

/** A row for each key; those of nested items below their own. */
function rows(shape: JsonSchema, before: string): string[] {
  const properties = (shape.type === 'array' ? shape.items?.properties : shape.properties) ?? {}
  return Object.entries(properties).flatMap(([key, value]) => {
    const nested = value.items?.properties ? rows(value, `${before}${key}[].`) : []
    return [`| \`${before}${key}\` | ${typeName(value)} | ${value.description ?? ''} |`, ...nested]
  })
}

function typeName({ type, format, items, additionalProperties }: JsonSchema): string {
  if (format === 'date-time') return 'time or null'
  if (items) return items.properties ? 'array of objects' : 'array of strings'
  if (typeof additionalProperties === 'object') return 'object of strings'
  return [type].flat().join(' or ')
}
