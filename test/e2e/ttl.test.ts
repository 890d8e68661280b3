import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

// What only real machines show: that they keep their end by themselves, and how it looks.

const config = `[cluster day]
cluster_size = 2
ttl = 9m

[cluster gone]
cluster_size = 1
ttl = 1m
ttl_action = terminate
`

describe.skipIf(!canRunNodes)('clusters that end by themselves', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const on = async (node: string, command: string) => (await ok('sshnode', 'day', node, command)).stdout.trim()
  const left = async (node: string) => Number(await on(node, 'starcluster-ttl left'))
  const listed = async (tag: string) => (await ok('listclusters', tag)).stdout

  beforeAll(async () => {
    home = await tempHome({ '.starclusterrc': config })
    await ok('start', 'gone', '-c', 'gone')
    // Not to wait for the minute that a master has more.
    await ok('sshmaster', 'gone', 'starcluster-ttl arm 1 terminate gone')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('every node counts; logins and listclusters tell it; a reboot and kill -9 change nothing', async () => {
    expect((await ok('start', 'day', '-c', 'day')).stdout).toMatch(/It ends \d{4}-.* \(in 9m\)\.[\s\S]*ttl day 4h/)
    expect(await listed('day')).toMatch(/^Ends: .* \(in 9m\)$/m)
    const login = await ok('sshmaster', 'day', 'hostname')
    expect(login).toMatchObject({
      stdout: 'master\n',
      stderr: expect.stringMatching(/^Cluster day ends .* \(in [89]m\);/),
    })
    expect((await left('master')) - (await left('node001'))).toBeGreaterThan(50)
    expect((await ok('ttl', 'day', '4h')).stdout).toMatch(/^Cluster day ends .* \(in 4h\)\.$/m)
    expect((await ok('sshmaster', 'day', 'hostname')).stderr).toBe('')
    await on('node001', "pkill -KILL -f 'starcluster-ttl watch'")
    const watched = () => sc('sshnode', 'day', 'node001', "pgrep -f 'starcluster-ttl watch$'")
    await expect.poll(async () => (await watched()).status, { timeout: 30_000 }).toBe(0)
    await sc('sshnode', 'day', 'node001', 'reboot')
    await ok('restart', 'day')
    expect(await left('node001')).toBeGreaterThan(4 * 3600 - 120)
    await expect.poll(async () => (await watched()).status, { timeout: 30_000 }).toBe(0)
  })

  test('who is logged in is warned; then the nodes stop, and start -x counts anew', async () => {
    await using login = new Pty([process.execPath, program, 'sshmaster', 'day'], { env: home.env })
    await login.sees(/root@master:.*# $/)
    await on('master', 'starcluster-ttl arm 62 stop day')
    await login.sees(/this machine stops in 1 minute: .*lifetime \(ttl\) of cluster day is over/)
    await on('node001', 'starcluster-ttl arm 1 stop day')
    await on('master', 'starcluster-ttl arm 2 stop day')
    await login.sees(/the lifetime \(ttl\) of the cluster is over, this machine shuts down now/)
    const states = async () => (await listed('day')).match(/(?<=^ +(master|node001) )\w+/gm)
    await expect.poll(states, { timeout: 60_000 }).toEqual(['stopped', 'stopped'])
    await ok('start', '-x', 'day')
    expect(await left('node001')).toBeGreaterThan(4 * 3600 - 60)
    expect((await ok('ttl', 'day', 'off')).stdout).toMatch(/does not end by itself/)
    expect((await sc('sshnode', 'day', 'node001', 'starcluster-ttl left')).status).toBe(1)
    expect(await on('master', 'ls /etc/systemd/system | grep -c starcluster-ttl || true')).toBe('0')
  })

  test('with ttl_action = terminate nothing but the empty group is left, which says so', async () => {
    const end = async () =>
      /^Ended: .*, by itself \(ttl\): its nodes are gone.*terminate gone/m.test(await listed('gone'))
    await expect.poll(end, { timeout: 180_000, interval: 1000 }).toBe(true)
    expect(await sc('start', 'gone')).toMatchObject({ status: 1, stderr: expect.stringMatching(/ended by itself at/) })
    await ok('terminate', '-c', 'gone')
  })

  test('a protected cluster stays until that is lifted', async () => {
    await ok('protect', 'day')
    for (const args of [
      ['terminate', '-c', 'day'],
      ['removenode', '-c', 'day'],
      ['terminate', '--force', 'day'],
    ]) {
      const refused = await sc(...args)
      expect(refused, args.join(' ')).toMatchObject({ status: 1, stderr: expect.stringMatching(/protect --off day/) })
    }
    expect((await ok('terminate', '--dry-run', 'day')).stdout).toMatch(/protected: refused until/)
    expect(await listed('day')).toMatch(/^Protected: yes/m)
    await ok('protect', '--off', 'day')
    await ok('terminate', '-c', 'day')
  })

  test('times that are none are refused', async () => {
    for (const time of ['8', 'soon', '5s', '900d', '-1h']) {
      const refused = await sc('ttl', 'day', '--', time)
      expect(refused, time).toMatchObject({ status: 2, stderr: expect.stringMatching(/is not a time from 1m to 366d/) })
    }
    expect((await sc('start', 'x', '--ttl', '5s')).status).toBe(2)
    expect((await sc('ttl', 'nobody')).stderr).toMatch(/cluster nobody does not exist/)
  })
})
