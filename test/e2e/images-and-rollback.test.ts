import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, runCli } from '../support/cli.js'
import { localEc2 } from '../support/local-ec2.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

describe.skipIf(!canRunNodes)('a cluster goes back to a named state, and an image of it starts another', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const on = async (node: string, command: string) => (await ok('sshnode', 'one', node, command)).stdout.trim()

  beforeAll(async () => {
    home = await tempHome()
    await ok('start', 'one', '-s', '2')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('snapshot, change everything, rollback: disks, host keys and the shared home are as they were', async () => {
    expect((await sc('local', 'rollback', 'one')).status).toBe(1)
    await on('master', 'echo first > /home/shared; echo m > /root/mark')
    await on('node001', 'echo w > /root/mark')
    await ok('local', 'snapshot', 'one', 'clean')
    await on('master', 'apt-get -y -q install htop >/dev/null; which htop; echo second > /home/shared; rm /root/mark')
    await on('node001', 'echo other > /home/new; rm -rf /root/mark /opt; cat /home/shared')
    const { stdout } = await ok('local', 'rollback', 'one')
    expect(stdout).toMatch(/one is back at snapshot clean/)
    // The pinned host keys still hold, or ssh would refuse.
    expect(
      await on('master', 'cat /root/mark /home/shared; which htop || echo none; ls /home/new 2>&1 || true'),
    ).toMatch(/^m\nfirst\nnone\n.*No such file/)
    expect(await on('node001', 'cat /root/mark /home/shared; ls -d /opt; echo back > /home/from-worker')).toBe(
      'w\nfirst\n/opt',
    )
    expect(await on('master', 'cat /home/from-worker')).toBe('back')
    expect((await ok('local', 'snapshots', 'one', '--quiet')).stdout).toMatch(/clean\n$/)
    const again = await sc('local', 'snapshot', 'one', 'clean')
    expect(again.status).toBe(1)
    expect(again.output).toMatch(/there is a snapshot clean already/)
    const unknown = await sc('local', 'rollback', 'one', 'nosuch')
    expect(unknown.output).toMatch(/there is no snapshot nosuch/)
    expect(unknown.output).toMatch(/there are: clean/)
    expect((await ok('local', 'snapshots', 'one', '--remove', 'clean')).stdout).toMatch(/No snapshots/)
  })

  test('CreateImage: a second cluster starts from it with what was installed, and layers go with their last user', async () => {
    await on('master', 'apt-get -y -q install tree >/dev/null; echo kept > /opt/kept')
    const ec2 = await localEc2(home.env)
    try {
      const { Reservations } = await ec2.describeInstances({
        Filters: [{ Name: 'private-ip-address', Values: [await on('master', 'hostname -i')] }],
      })
      const InstanceId = Reservations?.[0]?.Instances?.[0]?.InstanceId ?? ''
      const { ImageId = '' } = await ec2.createImage({ InstanceId, Name: 'with-tree' })
      const state = async () => (await ec2.describeImages({ ImageIds: [ImageId] })).Images?.[0]?.State
      await waitFor('the image', async () => (await state()) !== 'pending', { timeoutMs: 120_000, intervalMs: 50 })
      expect(await state()).toBe('available')
      expect((await ok('local', 'image', 'list')).stdout).toMatch(new RegExp(`${ImageId}.*with-tree`))
      await ok('start', 'two', '-s', '2', '-n', ImageId)
      const there = await ok('sshnode', 'two', 'node001', 'which tree; cat /opt/kept; hostname; ls /home')
      expect(there.stdout.trim()).toBe('/usr/bin/tree\nkept\nnode001\nfrom-worker\nsgeadmin\nshared')
      const keys = await Promise.all(
        ['one', 'two'].map((tag) => ok('sshmaster', tag, 'cat /etc/ssh/ssh_host_ed25519_key.pub')),
      )
      expect(keys[0]?.stdout).not.toBe(keys[1]?.stdout)
      await ok('local', 'image', 'remove', ImageId)
      await ok('sshmaster', 'two', 'cat /opt/kept')
      await ok('terminate', '--confirm', 'two')
      expect((await ok('local', 'image', 'list')).stdout).not.toContain(ImageId)
    } finally {
      ec2.destroy()
    }
  })
})
