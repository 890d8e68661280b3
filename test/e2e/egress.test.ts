import { expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { tempHome } from '../support/temp-home.js'

test.skipIf(!canRunNodes)(
  'STARCLUSTER_LOCAL_EGRESS=off holds from the first machine on; local egress switches running machines, and is kept',
  async () => {
    const home = await tempHome({})
    const first = { ...home.env, STARCLUSTER_LOCAL_EGRESS: 'off' }
    const ok = (...args: string[]) => cliOk(args, { env: home.env })
    const unreachable = async () => {
      const outside = 'bash -c \'timeout 20 bash -c "echo > /dev/tcp/198.51.100.1/80"\' 2>&1 || true'
      return (await ok('sshmaster', 'off', outside)).stdout.includes('Network is unreachable')
    }
    try {
      const start = await cliOk(['start', 'off', '-s', '1'], { env: first, timeoutMs: 240_000 })
      expect(start.output).toContain('machines reach each other but nothing else')
      expect((await ok('local', 'status')).stdout).toMatch(/egress +off: /)
      expect(await unreachable()).toBe(true)
      // Nobody says "off" any more: it is kept all the same.
      await ok('local', 'stop')
      expect(await unreachable()).toBe(true)
      expect((await ok('local', 'egress')).stdout).toMatch(/^off: /)
      expect((await ok('local', 'egress', 'on')).stdout).toMatch(/^on/)
      const gateway = await ok('sshmaster', 'off', 'ping -c 1 -W 10 10.78.0.2 >/dev/null; ip neigh show 10.78.0.2')
      expect(gateway.stdout).toContain('52:55:0a:4e:00:02')
      expect((await ok('local', 'egress', 'off')).stdout).toMatch(/^off: /)
      expect(await unreachable()).toBe(true)
      const wrong = await runCli(['local', 'egress', 'maybe'], { env: home.env })
      expect(wrong.status).not.toBe(0)
      expect(wrong.output).toMatch(/maybe.*on.*off/s)
    } finally {
      await runCli(['local', 'reset', '--confirm'], { env: home.env })
      await home.remove()
    }
  },
  300_000,
)
