import { expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { tempHome } from '../support/temp-home.js'

test.skipIf(!canRunNodes)(
  'with STARCLUSTER_LOCAL_EGRESS=off machines have no gateway; the cluster works all the same',
  async () => {
    const home = await tempHome({})
    const env = { ...home.env, STARCLUSTER_LOCAL_EGRESS: 'off' }
    try {
      await cliOk(['start', 'off', '-s', '1'], { env, timeoutMs: 240_000 })
      const gateway = 'bash -c \'timeout 10 bash -c "echo > /dev/tcp/10.78.0.2/53"\' 2>&1 || true'
      expect((await cliOk(['sshmaster', 'off', gateway], { env })).stdout).toContain('No route to host')
    } finally {
      await runCli(['local', 'reset', '--confirm'], { env })
      await home.remove()
    }
  },
  300_000,
)
