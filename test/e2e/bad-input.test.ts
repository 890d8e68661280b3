import { chmod } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, cliOk, runCli } from '../support/cli.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

let home: TempHome
const sc = (...args: string[]) => runCli(args, { env: home.env })

beforeAll(async () => {
  home = await tempHome()
})

afterAll(async () => {
  await runCli(['local', 'reset', '--confirm'], { env: home.env })
  await home.remove()
})

/** One clear message on stderr, a status that says failure, no stack trace, no crash report. */
function refused(result: CliResult, status: number, message: RegExp): void {
  expect(result.output).toMatch(message)
  expect(result.stderr).not.toBe('')
  expect(result.status, result.output).toBe(status)
  expect(result.output).not.toMatch(/^\s+at .*:\d+/m)
  expect(result.output).not.toMatch(/crash-report|looks like a bug/)
}

describe('usage', () => {
  test.each([
    [['strat', 'x'], /unknown command 'strat'[\s\S]*start/],
    [['start', 'x', '--cluster-siez', '3'], /unknown option '--cluster-siez'[\s\S]*--cluster-size/],
    [['--bogus'], /unknown option '--bogus'[\s\S]*starcluster help/],
    [['help', 'strat'], /unknown command 'strat'[\s\S]*start/],
    [['start'], /missing required argument 'tag'[\s\S]*starcluster help start/],
    [['start', 'x', '-s', 'two'], /"two" is not a positive whole number/],
    [['runplugin', 'only-one'], /missing required argument 'tag'/],
    [['local', 'stauts'], /unknown command 'stauts'/],
    [['start', 'testcluster', '--json'], /'--json' needs '--plan'/],
    [['help', 'local', 'imag'], /unknown command 'imag'[\s\S]*image/],
  ])('starcluster %j', async (args, message) => {
    refused(await sc(...args), 2, message)
  })

  test('no arguments at all show the usage', async () => {
    refused(await sc(), 2, /Usage: starcluster/)
  })

  test('help goes below a command, and runs nothing', async () => {
    expect((await cliOk(['help', 'local', 'image', 'import'], { env: home.env })).stdout).toMatch(
      /image import \[options\]/,
    )
    expect((await cliOk(['help', 'terminate', 'x'], { env: home.env })).stdout).toMatch(/Usage: starcluster terminate/)
    expect((await cliOk(['help', 'help'], { env: home.env })).stdout).toMatch(/Usage: starcluster/)
  })

  test('help knows every command, and asks no cloud', async () => {
    const { stdout } = await cliOk(['help'], { env: home.env })
    for (const [, name] of stdout.matchAll(/^ {2}([a-z]+)(?:\||\s)/gm)) {
      if (name === 'help') continue
      const help = await cliOk(['help', name!], { env: home.env })
      expect(help.stdout).toMatch(/Usage: starcluster/)
      expect(help.stdout, `${name} has no examples`).toMatch(/Examples:\n( {2}\$ .*\n){2}/)
    }
  })
})

describe('names nobody knows', () => {
  test.each([
    [['terminate', '-c', 'nosuch'], /nosuch/],
    [['sshmaster', 'nosuch'], /nosuch/],
    [['sshnode', 'nosuch', 'node001'], /nosuch/],
    [['runplugin', 'noplugin', 'nosuch'], /noplugin|nosuch/],
    [['listclusters', 'nosuch'], /nosuch/],
    [['start', '-x', 'nosuch'], /nosuch/],
    [['-r', 'us-esat-1x', 'listclusters'], /us-esat-1x/],
    [['start', 'bad name!'], /bad name!/],
    [['start', 'a', '-c', 'notemplate'], /notemplate/],
  ])('starcluster %j', async (args, message) => {
    refused(await sc(...args), 1, message)
  })

  test('nothing is terminated without a terminal or --confirm', async () => {
    refused(await sc('local', 'reset'), 1, /no terminal[\s\S]*--confirm/)
  })
})

describe('configs', () => {
  test('a config file that was asked for must exist', async () => {
    refused(await sc('-c', '/nowhere/rc', 'listclusters'), 1, /\/nowhere\/rc/)
    refused(
      await runCli(['listclusters'], { env: { ...home.env, STARCLUSTER_CONFIG: '/nowhere/env' } }),
      1,
      /\/nowhere\/env/,
    )
  })

  test.each([
    ['no section', 'cluster_size = 2\n', ['listclusters'], /section/i],
    [
      'bad type',
      '[cluster c]\ncluster_size = many\n',
      ['start', 'x', '-c', 'c'],
      /cluster_size[\s\S]*many|many[\s\S]*cluster_size/,
    ],
    ['unknown plugin', '[cluster c]\nplugins = nope\n', ['start', 'x', '-c', 'c'], /nope/],
    ['typo of a setting', '[cluster c]\ncluster_sise = 2\n', ['start', '-v', 'x', '-c', 'd'], /d/],
  ])('%s', async (_name, text, args, message) => {
    const file = await home.write('bad.ini', text)
    refused(await sc('-c', file, ...args), 1, message)
  })

  test('a typo in a setting is a warning with the nearest name', async () => {
    const file = await home.write('typo.ini', '[cluster c]\ncluster_sise = 2\n')
    const { output } = await cliOk(['-c', file, 'listclusters'], { env: home.env })
    expect(output).toMatch(/WARNING[\s\S]*cluster_sise[\s\S]*cluster_size/)
  })

  test('a config that may not be read', async () => {
    const file = await home.write('secret.ini', '[global]\n')
    await chmod(file, 0o000)
    if (process.getuid?.() === 0) return // root reads everything
    refused(await sc('-c', file, 'listclusters'), 1, /secret\.ini/)
  })
})
