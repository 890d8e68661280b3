import { chmodSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { program, runCli } from '../support/cli.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

// `starcluster config` as people and programs use it; none of it starts the local cloud.

let home: TempHome
beforeEach(async () => {
  home = await tempHome()
  return home.remove
})

const sc = (...args: string[]) => runCli(args, { env: home.env })
const rc = () => join(home.path, '.starclusterrc')

test('init asks, and writes a config that works and that only its owner reads', async () => {
  await using terminal = new Pty([process.execPath, program, 'config', 'init'], { env: home.env, cwd: home.path })
  await terminal.sees('Where')
  terminal.enter('nowhere')
  expect(await terminal.exit()).toBe(1)
  await using again = new Pty([process.execPath, program, 'config', 'init'], { env: home.env, cwd: home.path })
  for (const [question, answer] of [
    ['Where', ''],
    ['Name of the template', 'mine'],
    ['Number of nodes', 'many'],
    ['whole number', '3'],
    ['Instance type', ''],
    ['Image', ''],
  ] as const) {
    await again.sees(question)
    again.enter(answer)
  }
  await again.sees('written')
  expect(await again.exit()).toBe(0)
  expect(statSync(rc()).mode & 0o777).toBe(0o600)
  expect(readFileSync(rc(), 'utf8')).toMatch(/default_template = mine[\s\S]*cluster_size = 3/)
  expect(await sc('config', 'check')).toMatchObject({ status: 0, stdout: `${rc()}: nothing wrong\n` })
})

test.each([
  ['\x03', 'interrupted', 130],
  ['\x04', 'no answer was given', 1],
] as const)('init ended by %j writes nothing', async (key, said, status) => {
  await using terminal = new Pty([process.execPath, program, 'config', 'init'], { env: home.env, cwd: home.path })
  await terminal.sees('Where')
  terminal.type(key)
  await terminal.sees(said)
  expect(await terminal.exit()).toBe(status)
  expect(() => statSync(rc())).toThrow('ENOENT')
})

test('init without a terminal takes its answers as options, and never writes over a config', async () => {
  expect(await sc('config', 'init')).toMatchObject({ status: 1, stderr: expect.stringContaining('no terminal') })
  const aws = ['-r', 'eu-west-1', 'config', 'init', '--yes', '--keyname', 'me', '--profile', 'work']
  expect(await sc(...aws)).toMatchObject({ status: 1, stderr: expect.stringContaining('.ssh/me.pem: no such file') })
  await home.write('.ssh/me.pem', 'key')
  chmodSync(join(home.path, '.ssh/me.pem'), 0o600)
  expect((await sc(...aws)).status).toBe(0)
  const written = readFileSync(rc(), 'utf8')
  expect(written).toMatch(/aws_region_name = eu-west-1\naws_profile = work\n/)
  expect(await sc('config', 'check')).toMatchObject({ status: 0, stdout: `${rc()}: nothing wrong\n` })
  expect(await sc(...aws)).toMatchObject({ status: 1, stderr: expect.stringContaining('a config already') })
  expect(readFileSync(rc(), 'utf8')).toBe(written)
  const other = await sc('-c', 'other', 'config', 'init', '--yes', '--template', 'a b')
  expect(other).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot be the name of a section') })
  expect(() => statSync(join(home.path, 'other'))).toThrow('ENOENT')
})

const broken = `junk
[global]
default_template = smal
refresh_interval = soon
include = absent
[aws info]
aws_secret_access_key = hush-hush-hush
aws_port = many
aws_region_name = nowhere
[key k]
key_location = ~/key
[cluster small]
extends = base
keyname = k
volumes = v
colour = red
[cluster base]
cluster_user = root
userdata_scripts = ~/none.sh
[cluster c]
extends = nobody
[volume v]
volume_id = vol-1
mount_path = data
[permission p]
from_port = 90
to_port = 80
[plugin q]
setup_class = nomodule.Thing
[plugin r]
setup_class = pkginstaller.PackageInstaller
pakages = htop
password = hush-hush-hush
`

test('check reports all problems at once, each with its place and what to do', async () => {
  await home.write('.starclusterrc', broken)
  await home.write('key', 'key')
  chmodSync(join(home.path, 'key'), 0o644)
  const { status, stdout, stderr } = await sc('config', 'check', '--json')
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  expect(stdout).not.toContain('hush')
  const { findings } = JSON.parse(stdout) as { findings: { severity: string; place?: string; message: string }[] }
  const told = findings.map(({ severity, place = '', message }) => `${severity} ${place.replace(rc(), '')} ${message}`)
  for (const wanted of [
    /^error :1 "junk" stands before any/,
    /^error :4 \[global\] refresh_interval = soon: expected an integer/,
    /^error +file .*absent, included by .* does not exist/,
    /^error :8 \[aws info\] aws_port = many/,
    /^error +\[global\] default_template = smal: .*did you mean small/,
    /^error :11 \[key k\] others may read .*key, which ssh refuses/,
    /^error :12 \[cluster small\] needs the setting cluster_size/,
    /^error :18 \[cluster small\] cluster_user = root/,
    /^error :19 \[cluster base\] cannot read the user data script/,
    /^error :20 \[cluster c\] extends nobody/,
    /^error :24 \[volume v\] mount_path = data/,
    /^error :26 \[permission p\] from_port = 90/,
    /^error :28 plugin q: no file for setup_class/,
    /^error :30 \[plugin r\] unknown setting pakages \(did you mean packages\?\)/,
    /^warning :16 \[cluster small\] has no setting colour/,
    /^warning +others may read .*starclusterrc/,
  ]) {
    expect(told).toContainEqual(expect.stringMatching(wanted))
  }
  const people = await sc('config', 'check')
  expect(people.stdout).toMatch(/chmod 600 .*key\n[\s\S]*: \d+ errors, \d+ warnings\n$/)
})

test('a region that does not exist is one more problem', async () => {
  await home.write('.starclusterrc', '[aws info]\naws_region_name = nowhere\n[plugin p]\nsetup_class = x\n')
  const { status, stdout } = await sc('config', 'check')
  expect(status).toBe(1)
  expect(stdout).toMatch(
    /aws_region_name: region "nowhere" does not exist[\s\S]*setup_class = x: expected module.Class/,
  )
})

test('show tells each value and where it comes from, and no secrets', async () => {
  await home.write(
    '.starclusterrc',
    '[global]\ndefault_template = a\n[aws info]\naws_secret_access_key = hush-hush\naws_access_key_id = AKID\n[cluster a]\nextends = b\nplugins = p\nqueue = none\n[cluster b]\nqueue = none\ncluster_user = ann\n[plugin p]\nsetup_class = x.Y\ndb_password = hush-hush\nsize = 3\n',
  )
  const { stdout, status } = await runCli(['-r', 'local', 'config', 'show'], {
    env: { ...home.env, AWS_PROXY: 'proxy.example' },
  })
  expect(status).toBe(0)
  expect(stdout).not.toContain('hush-hush')
  for (const line of [
    /aws_secret_access_key = \(not shown\) {2}\(.*rc:4\)/,
    /aws_proxy += proxy.example {2}\(environment variable AWS_PROXY\)/,
    /\[cluster a\] {2}.*rc:6\n/,
    /cluster_user += ann {2}\(.*rc:12, from \[cluster b\]\)/,
    /cluster_size += 2 {2}\(default of the region\)/,
    /cluster_shell += bash {2}\(default\)/,
    /db_password = \(not shown\)/,
    /size += 3 {2}\(.*rc:16\)/,
  ]) {
    expect(stdout).toMatch(line)
  }
  const json = await sc('-r', 'local', 'config', 'show', 'b', '--json')
  const template = (JSON.parse(json.stdout) as { label: string; settings: object[] }[]).find(
    ({ label }) => label === '[cluster b]',
  )
  expect(template?.settings).toContainEqual({ name: 'cluster_user', value: 'ann', source: 'file', place: `${rc()}:12` })
  expect(await sc('config', 'show', 'aa')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('did you mean a?'),
  })
})

test('path tells which config is read, and why, also of one that does not load', async () => {
  expect((await sc('config', 'path')).stdout).toMatch(/^no config file\n.*defaults are used/)
  await home.write('.starcluster/config', 'junk')
  expect((await sc('config', 'path')).stdout).toMatch(/\.starcluster\/config\n.*first of the usual places.*not .*rc/)
  expect((await sc('-c', 'x', 'config', 'path')).stdout).toBe(`${join(home.path, 'x')}\n    -c names it\n`)
  const env = { ...home.env, STARCLUSTER_CONFIG: '~/y' }
  const { stdout } = await runCli(['config', 'path', '--json'], { env })
  expect(JSON.parse(stdout)).toMatchObject({ path: join(home.path, 'y'), reason: '$STARCLUSTER_CONFIG' })
})
