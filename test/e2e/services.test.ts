import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

describe.skipIf(!canRunNodes)('a service from a Debian package', () => {
  let home: TempHome
  const starcluster = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const master = async (command: string) => (await starcluster('sshmaster', 'serve', command)).stdout.trim()

  beforeAll(async () => {
    home = await tempHome()
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('is started by its installation, answers systemctl, and survives stop and start of the cluster', async () => {
    await starcluster('start', 'serve', '-s', '1')
    await master('DEBIAN_FRONTEND=noninteractive apt-get -y install redis-server')
    expect(await master('systemctl is-active redis-server; systemctl is-enabled redis-server')).toBe('active\nenabled')
    expect(await master('redis-cli set colour green')).toBe('OK')
    await master('service redis-server restart && systemctl status redis-server')
    expect(await master('redis-cli get colour')).toBe('green')
    await starcluster('stop', '-c', 'serve')
    await starcluster('start', '-x', 'serve')
    const alive = 'for i in $(seq 100); do redis-cli ping 2>/dev/null | grep -q PONG && break; sleep 0.1; done'
    expect(await master(`${alive}; redis-cli get colour`)).toBe('green')
    await master('systemctl disable --now redis-server')
    expect(await master('systemctl is-active redis-server; systemctl is-enabled redis-server; true')).toBe(
      'inactive\ndisabled',
    )
  }, 600_000)
})
