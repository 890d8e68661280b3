import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOriginalSettings } from '../../src/core/cluster/original-tags.js'
import { readRecord } from '../../src/core/cluster/record.js'
import { answer, type RecordedCase } from './answer.js'

// What StarCluster 0.95.6 answered, against what we answer. Its answers to config files are in original-cases.test.ts.

function suite<T>(name: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/cases', name), 'utf8')) as T
}

type Validation = Omit<RecordedCase, 'config'> & { id: string; config?: number; error?: string[]; permission?: object }
const validation = suite<{ base: string[]; configs: Record<number, string>[]; cases: Validation[] }>(
  'cluster_validation.json',
)

function caseOf({ config, ...others }: Validation): RecordedCase {
  if (config === undefined) return others
  return { ...others, config: validation.base.map((line, at) => validation.configs[config]?.[at] ?? line).join('\n') }
}

/** Deliberate differences; what happens instead is checked below. */
const DIFFERENT: Record<string, string> = {
  'direct/vpc/21': 'every cluster is in a VPC today, so public addresses can always be left out',
  'direct/dns_prefix/16': 'a name with a dot makes host names with a domain of their own',
}

for (const each of validation.cases.filter(({ id }) => !(id in DIFFERENT))) {
  test(`validation as the original: ${each.id}`, async () => {
    const answered = await answer(caseOf(each))
    if (each.error) expect(each.error).toContain((answered as { error?: { kind: string } }).error?.kind)
    else if (each.permission)
      expect(answered).toMatchObject({ ok: { permissions: { s3: { ip_protocol: 'tcp', cidr_ip: '0.0.0.0/0' } } } })
    else expect(answered).toEqual({ ok: { valid: true } })
  })
}

const differing = (id: string) => answer(caseOf(validation.cases.find((each) => each.id === id)!))

test(`different: ${DIFFERENT['direct/vpc/21']}`, async () => {
  expect(await differing('direct/vpc/21')).toEqual({ ok: { valid: true } })
})

test(`different: ${DIFFERENT['direct/dns_prefix/16']}`, async () => {
  expect(await differing('direct/dns_prefix/16')).toMatchObject({ error: { kind: 'ClusterValidationError' } })
})

type UserData = RecordedCase & {
  id: string
  use_cloudinit?: boolean
  mime?: string
  error?: true
  unbundled?: Record<string, string>
}
const userdata = suite<{ cases: UserData[] }>('userdata.json').cases

for (const { id, error, mime, ...asked } of userdata.filter(({ op }) => op?.kind === 'mime_type')) {
  test(`user data as the original: ${id}`, async () => {
    const answered = await answer(asked)
    if (error) expect(answered).toHaveProperty('error')
    else expect(answered).toEqual({ ok: { mime } })
  })
}

for (const { id, unbundled, use_cloudinit: cloudinit, ...asked } of userdata.filter(({ scripts }) => scripts)) {
  const what = cloudinit
    ? 'different: not compressed, made anew and never changed, and what is ignored needs no first line of its own'
    : 'different: images need cloud-init, so a bundle that unpacks itself is not made'
  test(`user data, ${id}: the scripts are in it as they are; ${what}`, async () => {
    const scripts = Object.entries(unbundled!).map(([name, text]) => [
      name,
      text.replace('#!/bin/false\n#ignored', '#ignored'),
    ])
    const rootLogin = { 'starcluster.cfg': '#cloud-config\ndisable_root: false\n' }
    expect(await answer(asked)).toEqual({ ok: { unbundled: { ...rootLogin, ...Object.fromEntries(scripts) } } })
  })
}

for (const { id, tags, decoded } of suite<{
  cases: { id: string; tags: Record<string, string>; decoded: Record<string, unknown> }[]
}>('tags.json').cases) {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

  test(`tags of the original are read: ${id}`, () => {
    expect(readOriginalSettings(list.toReversed())).toEqual(decoded)
  })

  test(`a cluster of the original is known by its tags (different: ours are plain JSON): ${id}`, () => {
    const { keyname, cluster_user: user, cluster_size: size, node_image_id: nodeImageId } = decoded
    expect(readRecord('mycluster', list)).toMatchObject({ version: 1, keyname, user, size, nodeImageId, plugins: [] })
    const cut = list.map((tag) => (tag.Key === '@sc-core' ? { ...tag, Value: tag.Value.slice(40) } : tag))
    expect(() => readRecord('mycluster', cut)).toThrow(expect.objectContaining({ code: 'IncompatibleCluster' }))
  })
}

test('the adapter answers a case on stdin as the function does', async () => {
  const asked = caseOf(validation.cases.find(({ id }) => id === 'ebs/0')!)
  const tsx = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs')
  const adapter = join(import.meta.dirname, 'adapter.ts')
  const child = spawnSync(process.execPath, [tsx, adapter], { input: JSON.stringify(asked), encoding: 'utf8' })
  const strip = (text: string) => text.replace(/sc-case-\w+/g, '')
  expect(strip(child.stdout)).toBe(strip(JSON.stringify(await answer(asked))))
}, 60_000)
