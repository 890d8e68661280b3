import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

let home: TempHome
const secret = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY'

beforeAll(async () => {
  home = await tempHome()
  Object.assign(home.env, {
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
  })
})

afterAll(async () => {
  await runCli(['local', 'reset', '--confirm'], { env: home.env })
  await home.remove()
})

test('credentials and a region in the environment never select AWS, and never reach the daemon', async () => {
  const { stdout } = await cliOk(['listclusters'], { env: home.env })
  expect(stdout).toContain('region local')
  const status = JSON.parse((await cliOk(['local', 'status', '--json'], { env: home.env })).stdout)
  const daemonEnv = await readFile(`/proc/${status.pid}/environ`, 'utf8')
  expect(daemonEnv).not.toContain('AKIAIOSFODNN7EXAMPLE')
  expect(daemonEnv).not.toContain(secret)
  for (const entry of await readdir(home.path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const content = await readFile(join(entry.parentPath, entry.name), 'latin1')
    expect(content.includes(secret) || content.includes('AKIAIOSFODNN7EXAMPLE'), entry.name).toBe(false)
  }
})
