import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { chooseRegion } from '../../../src/core/aws/choose-region.js'
import { type ConfigError, isStale, loadConfig, pluginSearchPath } from '../../../src/core/config/index.js'
import { redact } from '../../../src/core/log.js'

let home: string
let env: NodeJS.ProcessEnv

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sc-config-'))
  env = { HOME: home }
  return () => rmSync(home, { recursive: true })
})

function write(path: string, text: string): string {
  const file = join(home, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

test('without any file there are defaults', () => {
  const config = loadConfig({ env })
  expect(config).toMatchObject({ path: undefined, sources: [], warnings: [], aws: undefined, templateNames: [] })
  expect(config.global).toEqual({ enableExperimental: false, refreshInterval: 30, include: [], pluginPath: [] })
})

test('the order of files: -c, $STARCLUSTER_CONFIG, ~/.starclusterrc, ~/.starcluster/config', () => {
  const inFolder = write('.starcluster/config', '')
  expect(loadConfig({ env }).path).toBe(inFolder)
  const rc = write('.starclusterrc', '')
  expect(loadConfig({ env }).path).toBe(rc)
  const fromEnv = write('from env', '')
  expect(loadConfig({ env: { ...env, STARCLUSTER_CONFIG: '$HOME/from env' } }).path).toBe(fromEnv)
  const named = write('named', '')
  expect(loadConfig({ file: '~/named', env: { ...env, STARCLUSTER_CONFIG: fromEnv } }).path).toBe(named)
  expect(loadConfig({ env: { ...env, STARCLUSTER_CONFIG: '' } }).path).toBe(rc)
})

test('a file that was named must exist', () => {
  const missing = expect.objectContaining({ code: 'ConfigNotFound', hint: expect.stringContaining('-c') })
  expect(() => loadConfig({ file: join(home, 'nope'), env })).toThrow(missing)
  expect(() => loadConfig({ env: { ...env, STARCLUSTER_CONFIG: join(home, 'nope') } })).toThrow(missing)
})

test('a folder in place of the file is an error that says so', () => {
  expect(() => loadConfig({ file: home, env })).toThrow(/cannot be read: it is a folder/)
})

test.skipIf(process.getuid?.() === 0)('a file that may not be read is an error that says so', () => {
  chmodSync(write('.starclusterrc', ''), 0)
  expect(() => loadConfig({ env })).toThrow(/permission denied/)
})

test('a plugin and a template that names it are enough', () => {
  write('.starclusterrc', '[plugin x]\nsetup_class = ubuntu.X\nArg = 1 % 2 %(y)s\n[cluster y]\nplugins = x\n')
  const config = loadConfig({ env })
  expect(config.warnings).toEqual([])
  const plugin = config.plugin('x')
  expect(plugin).toMatchObject({ name: 'x', setupClass: 'ubuntu.X', place: `${join(home, '.starclusterrc')}:1` })
  expect([...plugin.settings]).toEqual([['arg', '1 % 2 %(y)s']])
  expect(chooseRegion({ config })).toBe('local')
})

test('AWS is selected by -r and by [aws info], never by the environment', () => {
  env = { ...env, AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'abc/def+123', AWS_REGION: 'eu-west-1' }
  expect(loadConfig({ env }).aws).toBeUndefined()
  expect(chooseRegion({ config: loadConfig({ env }) })).toBe('local')
  expect(chooseRegion({ config: loadConfig({ env }), flag: 'us-west-2' })).toBe('us-west-2')
  write('.starclusterrc', '[aws info]\n')
  expect(chooseRegion({ config: loadConfig({ env }) })).toBe('us-east-1')
  expect(chooseRegion({ config: loadConfig({ env }), flag: 'local' })).toBe('local')
  write('.starclusterrc', '[aws info]\naws_region_name = eu-north-1\n')
  expect(chooseRegion({ config: loadConfig({ env }) })).toBe('eu-north-1')
})

test('the environment counts over [aws info], is typed like it and never shown', () => {
  write('.starclusterrc', '[aws info]\naws_access_key_id = a\naws_secret_access_key = from-file-123\naws_port = 80\n')
  env = { ...env, AWS_SECRET_ACCESS_KEY: 'from-env-%(x)s-456', AWS_IS_SECURE: 'False', aws_port: '8443' }
  const config = loadConfig({ env })
  expect(config.aws).toMatchObject({
    awsAccessKeyId: 'a',
    awsSecretAccessKey: 'from-env-%(x)s-456',
    awsIsSecure: false,
    awsPort: 8443,
  })
  expect(config.warnings).toEqual([
    expect.stringMatching(/AWS_SECRET_ACCESS_KEY, aws_port, AWS_IS_SECURE of the env/),
    expect.stringMatching(/not supported yet: aws_port, aws_is_secure/),
  ])
  expect(config.warnings.join()).not.toContain('456')
  expect(redact('secret is from-env-%(x)s-456')).toBe('secret is ****')
  env.AWS_PORT = 'many'
  expect(() => loadConfig({ env })).toThrow(
    'environment variable AWS_PORT: [aws info] aws_port = many: expected an integer',
  )
})

test('a session token goes with its access key: the file and the environment are never mixed', () => {
  write(
    '.starclusterrc',
    '[aws info]\naws_access_key_id = a\naws_secret_access_key = s-of-file\naws_session_token = t-of-file\n',
  )
  expect(loadConfig({ env }).aws?.awsSessionToken).toBe('t-of-file')
  expect(loadConfig({ env: { ...env, AWS_SESSION_TOKEN: 't-of-env' } }).aws?.awsSessionToken).toBe('t-of-file')
  const keys = { AWS_ACCESS_KEY_ID: 'b', AWS_SECRET_ACCESS_KEY: 's-of-env' }
  expect(loadConfig({ env: { ...env, ...keys } }).aws).not.toHaveProperty('awsSessionToken')
  expect(loadConfig({ env: { ...env, ...keys, AWS_SESSION_TOKEN: 't-of-env' } }).aws?.awsSessionToken).toBe('t-of-env')
})

test('a profile beside an access key, and settings without effect, are told', () => {
  write(
    '.starclusterrc',
    '[aws info]\naws_access_key_id = a\naws_secret_access_key = s-of-file\naws_profile = work\naws_region_name = eu-west-1\naws_region_host = ec2.eu-west-1.amazonaws.com\naws_is_secure = no\n',
  )
  expect(loadConfig({ env }).warnings).toEqual([
    expect.stringContaining('so aws_profile = work is not used'),
    expect.stringMatching(/not supported yet: aws_is_secure; AWS itself is asked$/),
  ])
})

test('mistakes are kept where they are asked for, and the rest is read', () => {
  const main = write(
    'main',
    'junk\n[global]\nrefresh_interval = x\ninclude = nope\n[aws info]\naws_port = y\n[cluster a]\nno\n',
  )
  const problems: ConfigError[] = []
  const config = loadConfig({ file: main, env, problems })
  expect(problems.map(({ message }) => message.replaceAll(`${home}/`, ''))).toEqual([
    'main:1: "junk" stands before any [section]',
    'main:8: "no" is neither a [section] nor a setting',
    'file nope, included by main, does not exist',
    'main:3: [global] refresh_interval = x: expected an integer',
    'main:6: [aws info] aws_port = y: expected an integer',
  ])
  expect(config.templateNames).toEqual(['a'])
  expect(config.aws).toBeDefined()
})

test('a setting knows its place, in an ancestor too', () => {
  const file = write('.starclusterrc', '[cluster a]\nextends = b\n[cluster b]\ncluster_size = 3\n[key k]\n')
  const { place } = loadConfig({ env })
  expect(place('cluster', 'a', 'cluster_size')).toBe(`${file}:4`)
  expect(place('cluster', 'a', 'cluster_user')).toBe(`${file}:1`)
  expect(place('key', 'k')).toBe(`${file}:5`)
  expect(place('volume', 'k')).toBeUndefined()
})

test('a secret of the wrong form is not shown', () => {
  write('.starclusterrc', '[aws info]\naws_secret_access_key = a%(nothing)sb\n')
  expect(() => loadConfig({ env })).toThrow(
    /aws_secret_access_key: %\(nothing\)s refers to a setting that does not exist/,
  )
})

test('half of a pair of credentials is reported', () => {
  write('.starclusterrc', '[aws info]\naws_secret_access_key = abcdefgh\n')
  expect(loadConfig({ env }).warnings).toEqual([expect.stringContaining('but no aws_access_key_id')])
})

test('unknown settings and sections are reported with the nearest name', () => {
  write(
    '.starclusterrc',
    '[clustr a]\n[cluster b]\nclustersize = 2\nshell = 3\n[aws_info]\n[key]\n[global]\ndns_prefix = 1\nzzz = 1\n[something else]\n',
  )
  expect(loadConfig({ env }).warnings.map((line) => line.replace(/^.*rc:/, ''))).toEqual([
    '1: [clustr a] is ignored: no section of this kind exists (did you mean [cluster a]?)',
    '3: [cluster b] has no setting clustersize; it is ignored (did you mean cluster_size?)',
    '4: [cluster b] has no setting shell; it is ignored (did you mean cluster_shell?)',
    '5: [aws_info] is ignored: no section of this kind exists (did you mean [aws info]?)',
    '6: [key] is ignored: it needs a name: [key NAME]',
    '8: [global] has no setting dns_prefix; it is ignored (it belongs in [cluster NAME])',
    '9: [global] has no setting zzz; it is ignored',
    '10: [something else] is ignored: no section of this kind exists',
  ])
})

test('section kinds go by their beginning, as in the original', () => {
  write('.starclusterrc', '[keypair k]\nkey_location = ~/$X/k\n[vol v]\nvolume_id = vol-1\nmount_path = /v\n')
  const config = loadConfig({ env: { ...env, X: 'ssh' } })
  expect(config.key('k').keyLocation).toBe(join(home, 'ssh/k'))
  expect(config.volumes.get('v')).toEqual({ name: 'v', volumeId: 'vol-1', mountPath: '/v' })
})

test('a section with a mistake is a warning until it is asked for', () => {
  write('.starclusterrc', '[plugin p]\nsetup_clas = a.B\n[key k]\n[plugin q]\nsetup_class = a.B\n')
  const config = loadConfig({ env })
  expect(config.warnings).toEqual([
    expect.stringContaining('[key k] needs the setting key_location'),
    expect.stringContaining('[plugin p] needs the setting setup_class'),
  ])
  expect(config.plugin('q').setupClass).toBe('a.B')
  expect(() => config.plugin('p')).toThrow(expect.objectContaining({ code: 'ConfigError' }))
  expect(() => config.key('k')).toThrow(expect.objectContaining({ code: 'ConfigError' }))
  expect(() => config.plugin('r')).toThrow(
    expect.objectContaining({ code: 'PluginNotFound', hint: expect.stringMatching(/^defined are: p, q; .*plugins/) }),
  )
  expect(() => config.key('kk')).toThrow(
    expect.objectContaining({ code: 'KeyNotFound', message: expect.stringContaining('did you mean k?') }),
  )
})

test.each([
  ['[global]\nrefresh_interval = soon\n', ':2: [global] refresh_interval = soon: expected an integer'],
  ['[global]\nenable_experimental = 2\n', ':2: [global] enable_experimental = 2: expected true or false'],
  ['[global]\nplugin_path = a,,b\n', ':2: [global] plugin_path = a,,b: expected paths separated by commas'],
])('a bad type names file, line, section and setting: %j', (text, message) => {
  write('.starclusterrc', text)
  expect(() => loadConfig({ env })).toThrow(message)
})

test('included files are read after the main file and count over it', () => {
  const main = write(
    'conf/main',
    '[global]\ninclude = sub/one, ~/two\nrefresh_interval = 1\n[plugin p]\nsetup_class = a.A\n',
  )
  const one = write('conf/sub/one', '[plugin p]\nx = 1\n[global]\ninclude = three\n')
  const two = write('two', '[plugin p]\nsetup_class = b.B\n')
  const config = loadConfig({ file: main, env })
  expect(config.sources).toEqual([main, one, two])
  expect(config.plugin('p')).toMatchObject({ setupClass: 'b.B', settings: new Map([['x', '1']]) })
  expect(config.warnings).toEqual([`${one}:4: include is ignored: included files cannot include others`])
})

test('an include that does not exist, or has no section, is an error that names both files', () => {
  const main = write('main', '[global]\ninclude = nope\n')
  expect(() => loadConfig({ file: main, env })).toThrow(
    expect.objectContaining({
      code: 'ConfigError',
      message: expect.stringMatching(/nope, included by .*main, does not exist/),
    }),
  )
  write('nope', 'x = 1\n')
  expect(() => loadConfig({ file: main, env })).toThrow(expect.objectContaining({ code: 'ConfigHasNoSections' }))
})

test('plugin folders: the own one, those of the config beside its file, those of the environment', () => {
  write('conf/main', '[global]\nplugin_path = mine, ~/theirs\n')
  const config = loadConfig({ file: join(home, 'conf/main'), env })
  expect(config.global.pluginPath).toEqual([join(home, 'conf/mine'), join(home, 'theirs')])
  expect(pluginSearchPath(config, { ...env, STARCLUSTER_PLUGIN_PATH: `~/third:${join(home, 'theirs')}:` })).toEqual([
    join(home, '.starcluster/plugins'),
    join(home, 'conf/mine'),
    join(home, 'theirs'),
    join(home, 'third'),
  ])
})

test('a config is stale once a file it was read from, or could have been, changes', () => {
  const none = loadConfig({ env })
  expect(isStale(none)).toBe(false)
  write('.starcluster/config', '[global]\ninclude = more\n')
  expect(isStale(none)).toBe(true)
  write('.starcluster/more', '')
  const config = loadConfig({ env })
  expect(isStale(config)).toBe(false)
  write('.starcluster/more', '[plugin p]\nsetup_class = a.B\n')
  expect(isStale(config)).toBe(true)
  const again = loadConfig({ env })
  expect(again.plugins.has('p')).toBe(true)
  const rc = write('.starclusterrc', '')
  expect(isStale(again)).toBe(true)
  const last = loadConfig({ env })
  rmSync(rc)
  expect(isStale(last)).toBe(true)
})

test('a config can be at a URL', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/config') response.end('[plugin p]\nsetup_class = a.B\n')
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // In a process of its own: reading is synchronous, and the server answers from this one.
  const { execFile } = await import('node:child_process')
  const { promisify } = await import('node:util')
  const script = `
    import { loadConfig } from ${JSON.stringify(join(import.meta.dirname, '../../../src/core/config/index.ts'))}
    const config = loadConfig({ file: ${JSON.stringify(`${url}/config`)} })
    console.log(config.path, config.plugin('p').setupClass, config.isStale())
    try { loadConfig({ file: ${JSON.stringify(`${url}/nope`)} }) } catch (error) { console.log(error.code, error.message) }
  `
  const tsx = join(import.meta.dirname, '../../../node_modules/tsx/dist/cli.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, '--input-type=module', '--eval', script])
  expect(stdout).toBe(`${url}/config a.B false\nConfigError cannot read the config at ${url}/nope: HTTP status 404\n`)
})
