import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, runCli } from '../support/cli.js'
import { localEc2 } from '../support/local-ec2.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** As in the stock images of Debian, but for user data, which would let root in before we come. */
const cloudCfg = `users: [default]
disable_root: true
allow_userdata: false
system_info:
  default_user:
    name: admin
    shell: /bin/bash
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
`
const config = `[plugin mark]
setup_class = mark.Mark
[cluster stock]
cluster_size = 2
node_image_id = stock
plugins = mark
[cluster named]
extends = stock
image_user = admin
plugins =
`
const plugin = `import { ClusterSetup, type Node } from 'starcluster'
export class Mark extends ClusterSetup {
  async run(nodes: Node[]) { for (const node of nodes) await node.ssh.execute('id -un > /root/mark') }
  async onAddNode(node: Node) { await this.run([node]) }
}
`
const opening = /The image lets in admin, not root: opening the login of root with sudo/g

describe.skipIf(!canRunNodes)('an image that lets in its own user instead of root', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 120_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const said = async (...args: string[]) => (await ok(...args)).stdout.trim()

  beforeAll(async () => {
    home = await tempHome({ '.starclusterrc': config, '.starcluster/plugins/mark.ts': plugin })
    await ok('start', 'source', '-s', '1', '-c', 'named', '-n', 'default')
    const sshd = 'echo PermitRootLogin forced-commands-only > /etc/ssh/sshd_config.d/60-image.conf'
    await ok('sshmaster', 'source', `mkdir -p /etc/cloud; echo '${cloudCfg}' > /etc/cloud/cloud.cfg; ${sshd}`)
    await makeImage(home, 'stock')
    await ok('terminate', '-c', 'source')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('its user is found out: start, a plugin, addnode, logins as root and as that user', async () => {
    const start = await ok('start', 'a', '-c', 'stock')
    expect(start.output.match(opening)).toHaveLength(1)
    expect(await said('sshnode', 'a', 'node001', 'cat /root/mark')).toBe('root')
    await ok('addnode', 'a')
    const onNew =
      'cat /root/mark; cd /etc/ssh/sshd_config.d; grep -h Root *; grep -c sleep /root/.ssh/authorized_keys || true'
    // The image's own settings stay, ours go before them.
    expect(await said('sshmaster', 'a', `ssh -o BatchMode=yes node002 "${onNew}"`)).toBe(
      'root\nPermitRootLogin prohibit-password\nPermitRootLogin forced-commands-only\n0',
    )
    expect(await said('sshmaster', '-u', 'admin', 'a', 'id -un; sudo -n id -un')).toBe('admin\nroot')
    expect((await ok('restart', 'a')).output).not.toMatch(opening)
    await ok('terminate', '-c', 'a')
  })

  test('its user is named: right goes the same way, wrong is told at once, and start -x with the right one goes on', async () => {
    const wrong = await sc('start', 'b', '-c', 'named', '--image-user', 'ubuntu')
    expect(wrong).toMatchObject({
      status: 1,
      output: expect.stringMatching(/(master|node001): ubuntu is not let in; its image asks to log in as admin\n.*-x/),
    })
    await ok('start', '-x', '--image-user', 'admin', 'b')
    expect(await said('sshnode', 'b', 'node001', 'id -un')).toBe('root')
    await ok('terminate', '-c', 'b')
    expect((await ok('start', 'c', '-c', 'named', '-s', '1')).output.match(opening)).toHaveLength(1)
  })
})

async function makeImage({ env }: TempHome, Name: string): Promise<void> {
  const ec2 = await localEc2(env)
  try {
    const { Reservations } = await ec2.describeInstances({
      Filters: [{ Name: 'instance-state-name', Values: ['running'] }],
    })
    const InstanceId = Reservations?.[0]?.Instances?.[0]?.InstanceId ?? ''
    const { ImageId = '' } = await ec2.createImage({ InstanceId, Name, NoReboot: true })
    const state = async () => (await ec2.describeImages({ ImageIds: [ImageId] })).Images?.[0]?.State
    await waitFor('the image', async () => (await state()) === 'available', { timeoutMs: 60_000, intervalMs: 50 })
  } finally {
    ec2.destroy()
  }
}
