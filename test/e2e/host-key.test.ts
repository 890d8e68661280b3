import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const newKey =
  'rm -f /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key; kill -HUP $(cat /run/sshd.pid)'

const noop =
  "import { ClusterSetup } from 'starcluster'\nexport class Noop extends ClusterSetup {\n  async run(nodes) { await nodes[0].ssh.execute('true') }\n}\n"

describe.skipIf(!canRunNodes)('a machine whose host key changed behind our back', () => {
  let home: TempHome

  beforeAll(async () => {
    home = await tempHome({
      '.starcluster/plugins/noop.ts': noop,
      '.starclusterrc': '[plugin noop]\nsetup_class = noop.Noop\n',
    })
    await cliOk(['start', 'c', '-s', '1'], { env: home.env, timeoutMs: 240_000 })
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('is refused by sshmaster and by a plugin run, each saying so', async () => {
    await cliOk(['sshmaster', 'c', 'true'], { env: home.env })
    await cliOk(['runplugin', 'noop', 'c'], { env: home.env })
    await cliOk(['sshmaster', 'c', newKey], { env: home.env })

    const login = await runCli(['sshmaster', 'c', 'echo reached'], { env: home.env })
    expect(login.status).not.toBe(0)
    expect(login.output).toMatch(/host key/i)
    expect(login.stdout).not.toContain('reached')

    const run = await runCli(['runplugin', 'noop', 'c'], { env: home.env })
    expect(run.status).toBe(1)
    expect(run.output).toMatch(/master[\s\S]*host key/i)
  })
})
