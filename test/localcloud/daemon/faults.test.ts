import { afterAll, beforeAll, expect, test } from 'vitest'
import { daemonStatus, stopDaemon } from '../../../src/localcloud/control.js'
import { clearFaults, injectFault, listFaults } from '../../../src/localcloud/control-faults.js'
import { bundleDaemon, makeHome, type TestHome } from './harness.js'

let bundle: Awaited<ReturnType<typeof bundleDaemon>>
let home: TestHome

beforeAll(async () => {
  bundle = await bundleDaemon()
  home = await makeHome(bundle.program)
}, 120_000)
afterAll(async () => {
  await home.dispose()
  await bundle.remove()
})

test('faults are injected into the running cloud, shown, cleared, and end with it', async () => {
  const { env } = home
  expect(await listFaults(env)).toEqual([])
  await expect(injectFault(env, { kind: 'visibility' } as never)).rejects.toMatchObject({ code: 'InvalidFault' })
  expect(await daemonStatus(env)).toMatchObject({ running: false })
  await injectFault(env, { kind: 'capacity', type: 't3.small', zone: 'local-a', times: 2 })
  expect(await injectFault(env, { kind: 'throttle' })).toHaveLength(2)
  expect(await listFaults(env)).toEqual([
    { kind: 'capacity', type: 't3.small', zone: 'local-a', times: 2 },
    { kind: 'throttle' },
  ])
  expect(await daemonStatus(env)).toMatchObject({ faults: ['capacity type=t3.small zone=local-a times=2', 'throttle'] })
  await expect(clearFaults(env, 'nothing')).rejects.toMatchObject({ code: 'InvalidFault' })
  expect(await clearFaults(env, 'capacity')).toEqual([{ kind: 'throttle' }])
  await stopDaemon(env)
  expect(await listFaults(env)).toEqual([])
  expect(await injectFault(env, { kind: 'no-ssh' })).toEqual([{ kind: 'no-ssh' }])
  expect(await clearFaults(env)).toEqual([])
}, 120_000)

test('its fault route wants its token', async () => {
  await injectFault(home.env, { kind: 'throttle' })
  const status = await daemonStatus(home.env)
  if (!status.running) throw new Error('the daemon does not run')
  const answer = await fetch(`${status.endpoint}/_starcluster/faults`, { method: 'DELETE' })
  expect(answer.status).toBe(403)
  expect(await clearFaults(home.env, 'crash')).toEqual([{ kind: 'throttle' }])
}, 120_000)
