import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createStarCluster } from '../../src/starcluster.js'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { recordingLog } from '../support/recording-log.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

vi.setConfig({ testTimeout: 300_000 })

describe.skipIf(!canRunNodes)('faults on demand, on real machines', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })

  beforeAll(async () => {
    home = await tempHome({})
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('inject, list, status and clear', async () => {
    const wrong = await sc('local', 'inject', 'capacty')
    expect(wrong.status).toBe(1)
    expect(wrong.output).toMatch(/no fault "capacty"[\s\S]*capacity/)
    await ok('local', 'inject', 'capacity', '--type', 't3.large')
    expect((await ok('local', 'inject', 'list')).stdout).toMatch(/^capacity type=t3\.large: /)
    expect((await ok('local', 'status')).stdout).toMatch(/injected +capacity type=t3\.large/)
    const refused = await sc('start', 'big', '-s', '1', '-I', 't3.large')
    expect(refused.status).toBe(1)
    expect(refused.output).toMatch(/InsufficientInstanceCapacity/)
    expect((await ok('listclusters')).stdout).toContain('No clusters')
    expect((await sc('local', 'inject', 'packet-loss', '--percent', 'many')).output).toContain('"many" is not a number')
    await ok('local', 'inject', 'packet-loss', '--percent', '30')
    const none = await sc('local', 'inject', 'spot-interruption')
    expect(none.status).toBe(1)
    expect(none.output).toMatch(/no spot instance runs[\s\S]*InstanceMarketOptions/)
    expect((await ok('local', 'inject', 'list')).stdout).toMatch(/^packet-loss percent=30: /m)
    expect((await ok('local', 'inject', 'clear')).stdout).toContain('Nothing is injected')
  })

  test('throttled, seen late and booted slowly, a cluster still starts', async () => {
    await ok('local', 'inject', 'throttle')
    await ok('local', 'inject', 'visibility', '--ms', '1500')
    await ok('local', 'inject', 'slow-boot', '--ms', '3000', '--times', '1')
    await ok('start', 'late', '-s', '2')
    expect((await ok('sshnode', 'late', 'node001', 'hostname')).stdout).toBe('node001\n')
    await ok('terminate', '-c', 'late')
    await ok('local', 'inject', 'clear')
  })

  test('ssh that never answers: the deadline names the node and what to do; terminate works', async () => {
    await ok('local', 'inject', 'no-ssh')
    const { log } = recordingLog()
    const starcluster = await createStarCluster({ env: home.env, log, region: 'local', deadlines: { sshMs: 8000 } })
    try {
      await expect(starcluster.cm.startCluster('mute', { overrides: { clusterSize: 1 } })).rejects.toMatchObject({
        message: expect.stringMatching(/ssh on master/),
        hint: expect.stringMatching(/start -x mute.*terminate mute/),
      })
    } finally {
      await starcluster.close()
    }
    await ok('local', 'inject', 'clear')
    await ok('terminate', '-c', 'mute')
    expect((await ok('listclusters')).stdout).toContain('No clusters')
  })

  test('a machine that crashes while it is started: the start ends, start -x goes on', async () => {
    await ok('local', 'inject', 'crash', '--times', '1')
    const start = await sc('start', 'fragile', '-s', '2')
    expect(start.status).toBe(1)
    expect(start.output).toMatch(/ended while|i-0[0-9a-f]{16}|is not running/)
    expect(start.output).not.toMatch(/^\s+at /m)
    await ok('start', '-x', 'fragile')
    expect((await ok('sshnode', 'fragile', 'node001', 'hostname')).stdout).toBe('node001\n')
    await ok('terminate', '-c', 'fragile')
  })
})
