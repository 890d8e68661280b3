import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const execute = promisify(execFile)

const installed = spawnSync('aws', ['--version']).status === 0
if (!installed) console.warn('SKIPPED: the aws CLI is not installed (scripts/test installs it)')

/** Root of some containers may not: then ext4 grows only while it is not mounted. */
const mayGrowMounted =
  (Number.parseInt(/^CapEff:\t(.*)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!.slice(-8), 16) >>> 24) & 1

/** Commands for single resources, as a user types them, beside the aws CLI. One node for all; one test after the other. */
describe.skipIf(!canRunNodes)('instances, volumes, images, keys and buckets', () => {
  let home: TempHome
  let settings: NodeJS.ProcessEnv
  let volume = ''
  const ok = async (...args: string[]) => (await cliOk(args, { env: home.env, timeoutMs: 240_000 })).stdout
  const json = async (...args: string[]) => JSON.parse(await ok(...args, '--json'))
  const on = async (command: string) => (await ok('sshmaster', 't', command)).trim()
  /** What the aws CLI answers. */
  const aws = async (...args: string[]) => {
    const all = [...args, '--endpoint-url', settings.AWS_ENDPOINT_URL!, '--output', 'json']
    const { stdout } = await execute('aws', all, { env: { ...home.env, ...settings, AWS_PAGER: '' } })
    return stdout.trim() === '' ? undefined : JSON.parse(stdout)
  }

  beforeAll(async () => {
    home = await tempHome()
    const exported = await ok('local', 'env')
    settings = Object.fromEntries(
      [...exported.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
    )
    const made = await ok('createvolume', '1', 'local-a', '--name', 'data')
    volume = /^vol-\w+/m.exec(made)?.[0] ?? ''
    await home.write('.starclusterrc', made.slice(made.indexOf('[volume')).replace('[cluster NAME]', '[cluster lab]'))
    await ok('start', 't', '-s', '1', '-c', 'lab')
  }, 240_000)

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  }, 120_000)

  test.skipIf(!installed)(
    'what StarCluster made the aws CLI describes, and the reverse',
    async () => {
      const [mine] = (await aws('ec2', 'describe-volumes', '--volume-ids', volume)).Volumes
      expect(mine).toMatchObject({
        Size: 1,
        VolumeType: 'gp3',
        State: 'in-use',
        Tags: [{ Key: 'Name', Value: 'data' }],
      })
      await ok('createkey', 'made-here')
      await aws('ec2', 'create-key-pair', '--key-name', 'made-there')
      await aws('s3api', 'create-bucket', '--bucket', 'made-there')
      await aws('ec2', 'create-tags', '--resources', volume, '--tags', 'Key=team,Value=red')
      expect(await ok('listkeypairs', '-q')).toContain('made-here\nmade-there\n')
      expect(await ok('listbuckets', '-q')).toBe('made-there\n')
      expect(await ok('listvolumes', '-t', 'team=red', '-q')).toBe(`${volume}\n`)
      const told = (await aws('ec2', 'describe-instances')).Reservations[0].Instances[0]
      expect(await json('listinstances')).toMatchObject([
        {
          id: told.InstanceId,
          alias: 'master',
          cluster: 't',
          publicIp: told.PublicIpAddress,
          launchTime: expect.stringMatching(/Z$/),
        },
      ])
    },
    240_000,
  )

  test('the console of a node has its host key; a pipe gets nothing else', async () => {
    const key = (await on('cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ').slice(0, 2).join(' ')
    const [{ publicIp }] = await json('listinstances')
    const { stdout, stderr } = await cliOk(['showconsole', publicIp], { env: home.env })
    expect(stdout).toContain(key)
    expect(stderr).toBe('')
  })

  test('resizevolume grows volume and file system of a running node', async () => {
    const blocks = async () => Number(await on('dumpe2fs -h /dev/sdz 2>/dev/null | sed -n "s/^Block count: *//p"'))
    const before = await blocks()
    await on('echo precious > /data/file')
    const grown = await runCli(['resizevolume', 'data', '2'], { env: home.env })
    expect(await json('listvolumes', '-n', 'data')).toMatchObject([{ size: 2, attachmentStatus: 'attached' }])
    if (mayGrowMounted) {
      expect(grown).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/1 GiB -> 2 GiB\ngrown: \/data \(ext4, [\d.]+ GiB\) on master of t\n$/),
      })
    } else {
      // Said in full, and what to do; done, the command goes on where it was.
      expect(grown).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          /has 2 GiB, but on master not all of it can be used: .*umount it[^\n]*\n.*starcluster resizevolume vol-\w+ 2/,
        ),
      })
      await on('umount /data')
      expect(await ok('resizevolume', volume, '2')).toMatch(
        /2 GiB, as before\ngrown: file system of volume vol-\w+ \(ext4, not mounted\) on master of t\n$/,
      )
      await on('mount /data')
    }
    expect(await blocks()).toBe(before * 2)
    expect(await on('cat /data/file')).toBe('precious')
    if (mayGrowMounted)
      expect(await ok('resizevolume', volume, '2')).toMatch(/Its file system has all the room already/)
  }, 240_000)

  test('an image of a node', async () => {
    const [{ id }] = await json('listinstances')
    const image = /^ami-\w+/m.exec(await ok('ebsimage', id, 'my-tools', '--no-reboot'))?.[0] ?? ''
    expect(await json('listimages')).toMatchObject([{ id: image, name: 'my-tools', state: 'available' }])
  }, 240_000)

  test('at a terminal a yes is asked for; Ctrl-C and no leave everything as it is', async () => {
    const at = (...argv: string[]) => new Pty([process.execPath, program, ...argv], { env: home.env, columns: 80 })
    {
      await using pty = at('removeimage', 'my-tools')
      await pty.sees(/Image ami-\w+ \(my-tools\) with snap-/)
      await pty.sees('Remove it? (y/n)')
      pty.enter('n')
      await pty.sees('Aborting: nothing was done')
      expect(await pty.exit()).toBe(0)
    }
    {
      await using pty = at('removekey', 'starcluster')
      await pty.sees('Remove it? (y/n)')
      pty.ctrlC()
      expect(await pty.exit()).toBe(130)
    }
    {
      await using pty = at('removeimage', 'my-tools')
      await pty.sees('Remove it? (y/n)')
      pty.enter('y')
      await pty.sees(/Image ami-\w+ is gone/)
      expect(await pty.exit()).toBe(0)
    }
    expect(await json('listimages')).toEqual([])
    expect(await ok('listkeypairs', '-q')).toContain('starcluster')
  }, 240_000)

  test('a table fits the terminal, and has colours only there', async () => {
    const list = (columns: number, env = {}) =>
      new Pty([process.execPath, program, 'listvolumes'], { env: { ...home.env, ...env }, columns })
    for (const columns of [120, 80, 50]) {
      await using pty = list(columns)
      await pty.exit()
      expect(pty.text).toContain(volume)
      expect(pty.text.split('\n').filter((line) => line.length > columns)).toEqual([])
      expect(pty.raw.includes('\x1b[1m')).toBe(columns > 50)
    }
    await using plain = list(120, { NO_COLOR: '1' })
    await plain.exit()
    expect(plain.raw).not.toContain('\x1b[')
  })
})
