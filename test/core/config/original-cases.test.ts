import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ConfigError, loadConfig, type StarClusterConfig } from '../../../src/core/config/index.js'
import { difference, originalShape, templateShape } from './original-shape.js'

// What StarCluster 0.95.6 itself answered: to its own config tests, and for config files found in public.

interface Case {
  readonly id: string
  readonly env?: Record<string, string>
  readonly op?: { readonly name: string }
  readonly config: readonly string[] | null
  readonly expect: { readonly ok?: string; readonly error?: string }
}

const fixtures = join(import.meta.dirname, '../../fixtures/cases')
const folder = mkdtempSync(join(tmpdir(), 'sc-cases-'))
const home = '/home/of/the/original'
afterAll(() => rmSync(folder, { recursive: true }))

const suite = JSON.parse(readFileSync(join(fixtures, 'config.json'), 'utf8')) as {
  sections: Record<string, string>
  results: Record<string, object>
  cases: Case[]
}

/** Deliberate differences, each with its reason; what happens instead is checked below. */
const DIFFERENT: Record<string, string> = {
  empty_config: 'credentials in the environment alone never select AWS',
  'multiple_instance_types/invalid/4': 'which instance types exist is asked from EC2, not known from a table',
}

for (const each of suite.cases.filter((candidate) => !(candidate.id in DIFFERENT))) {
  test(`as the original: ${each.id}`, () => {
    if (each.expect.error) expect(() => answer(each)).toThrow(expect.objectContaining({ code: each.expect.error }))
    else expect(difference(suite.results[each.expect.ok!], answer(each))).toBeUndefined()
  })
}

test('different: credentials in the environment alone never select AWS', () => {
  expect(load(caseOf('empty_config')).aws).toBeUndefined()
})

test('different: any name of the form of an instance type is taken', () => {
  const types = load(caseOf('multiple_instance_types/invalid/4')).template('c1', {}).nodeInstanceTypes
  expect(types).toEqual([{ type: 'c1.asdf', count: 4 }, { type: 'm1.small' }])
})

const expected = JSON.parse(readFileSync(join(fixtures, 'configs/expected.json'), 'utf8')) as Record<
  string,
  { ok?: Record<string, Record<string, unknown>>; error?: { kind: string } }
>

for (const file of readdirSync(join(fixtures, 'configs')).filter((name) => name.endsWith('.ini'))) {
  test(`a public config, as the original reads it: ${file}`, () => {
    const want = expected[file]!
    const config = () => loadConfig({ file: join(fixtures, 'configs', file), env: { HOME: home } })
    if (want.error) expect(() => originalShape(config(), {})).toThrow(ConfigError)
    else if (file === 'starcluster-tools.ini') expectEmptySettingsLeftOut(config(), want.ok!)
    else expect(difference(withDefaults(want.ok!), atHome(originalShape(config(), {})))).toBeUndefined()
  })
}

test('different: a bad template fails only when it is asked for', () => {
  const config = loadConfig({ file: join(fixtures, 'configs/many-templates.ini'), env: { HOME: home } })
  expect(config.template('16xc3.large', {}).clusterSize).toBe(16)
  expect(() => config.template('8xt2.micro', {})).toThrow(/extends 2xt3\.micro, which does not exist.*2xt2\.micro/)
})

/** Different: `CLUSTER_USER =` counts as left out (the original takes the empty name), so does `NODE_IMAGE_ID =`. */
function expectEmptySettingsLeftOut(config: StarClusterConfig, want: Record<string, Record<string, unknown>>): void {
  expect(() => config.template('testcluster', {})).toThrow(/\[cluster testcluster\] needs the setting node_image_id/)
  const { templateNames } = config
  const rest = { ...config, templateNames: templateNames.filter((name) => name !== 'testcluster') }
  const clusters = Object.entries(want.clusters as Record<string, object>).filter(([name]) => name !== 'testcluster')
  const defaulted = clusters.map(([name, cluster]) => [name, { ...cluster, cluster_user: 'sgeadmin' }])
  const wanted = withDefaults({ ...want, clusters: Object.fromEntries(defaulted) })
  expect(difference(wanted, atHome(originalShape(rest, {})))).toBeUndefined()
}

function answer(each: Case): unknown {
  const config = load(each)
  const answered = each.op ? templateShape(config, config.template(each.op.name, {})) : originalShape(config, {})
  return atHome(answered)
}

function load(each: Case): StarClusterConfig {
  const file = join(folder, 'config')
  rmSync(file, { force: true })
  if (each.config) writeFileSync(file, each.config.map((name) => suite.sections[name]).join(''))
  return loadConfig({ file, env: { HOME: home, ...each.env } })
}

function caseOf(id: string): Case {
  return suite.cases.find((each) => each.id === id)!
}

/** The original has no `[global]` defaults where the section is missing; we always have them. */
function withDefaults(want: Record<string, Record<string, unknown>>): object {
  const globals = { enable_experimental: false, refresh_interval: 30, ...want.globals }
  return { ...want, globals }
}

function atHome(answered: unknown): unknown {
  return JSON.parse(JSON.stringify(answered).replaceAll(home, '$HOME'))
}
