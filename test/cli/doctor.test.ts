import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkFields } from '../../src/cli/commands/doctor.js'
import { cliOk, runCli } from '../support/cli.js'
import { type LocalCloud, useLocalCloud } from '../support/local-cloud.js'

let cloud: LocalCloud
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  cloud = await useLocalCloud()
  env = cloud.env
})
afterAll(async () => cloud?.remove())

type Check = { name: string; state: string; detail: string; mend: string | null }
const json = async (args: readonly string[], status: number): Promise<Check[]> => {
  const result = await runCli([...args, 'doctor', '--json'], { env })
  expect({ status: result.status, stderr: result.stderr }).toEqual({ status, stderr: '' })
  return JSON.parse(result.stdout)
}
const found = (checks: readonly Check[], name: string) => checks.find((one) => one.name === name)

test('everything that a start needs is tried, and nothing is made', async () => {
  const checks = await json([], 0)
  for (const check of checks) expect(Object.keys(check)).toEqual(Object.keys(checkFields))
  expect(checks.filter(({ state }) => state === 'failed')).toEqual([])
  expect(found(checks, 'a start')).toMatchObject({ state: 'ok', detail: expect.stringContaining('2 t3.small') })
  expect((await cliOk(['listclusters'], { env })).stdout).toContain('No clusters')
  expect((await cliOk(['doctor'], { env })).stdout).toMatch(/ready\n$/)
})

test('mistakes of the config, a key that is not there, and what they keep from being tried', async () => {
  const key = await cloud.home.write('open.pem', 'no key')
  const config = await cloud.home.write(
    'config',
    `[key gone]\nkey_location = /nowhere/key.pem\n[key open]\nkey_location = ${key}\n[cluster one]\nkeyname = gone\ncluster_sizee = 3\n[plugin p]\nsetup_class = nowhere.Nothing\n`,
  )
  const checks = await json(['-c', config], 1)
  expect(found(checks, 'config')).toMatchObject({ state: 'failed', mend: expect.stringContaining('config check') })
  expect(found(checks, 'keys')).toMatchObject({ state: 'failed', detail: expect.stringContaining('/nowhere/key.pem') })
  expect(found(checks, 'plugins')).toMatchObject({ state: 'warning', detail: expect.stringContaining('nowhere') })
})

test('an endpoint that nobody answers: what hangs on it is not tried', async () => {
  const config = await cloud.home.write(
    'aws',
    '[aws info]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = none\naws_region_host = localhost\naws_port = 9\n',
  )
  const checks = await json(['-c', config], 1)
  expect(found(checks, 'network and clock')).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('reached'),
  })
  expect(found(checks, 'credentials')).toMatchObject({ state: 'skipped' })
  expect(found(checks, 'a start')).toMatchObject({ state: 'skipped', detail: 'first mend: credentials' })
})
