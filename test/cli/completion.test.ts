import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complete } from '../../src/cli/completion/candidates.js'
import { kindOfArgument } from '../../src/cli/completion/kinds.js'
import { type Names, noNames } from '../../src/cli/completion/names.js'
import { type CommandDescription, describeProgram, type ProgramDescription } from '../../src/cli/describe.js'
import { cliOk, program, runCli } from '../support/cli.js'
import { clusterRecords } from '../support/cluster-records.js'
import { Pty } from '../support/pty.js'

describe('what a word may become', () => {
  let description: ProgramDescription
  const names: Names = {
    ...noNames,
    cluster: [
      { word: 'one', nodes: ['master', 'node001'] },
      { word: 'other', nodes: ['master', 'node007'] },
    ],
    template: [{ word: 'small' }],
    plugin: [{ word: 'hello' }],
    key: [{ word: 'mykey' }],
  }
  beforeAll(async () => {
    description = await describeProgram()
  })
  const words = (...line: string[]) => complete(description, names, line).candidates.map(({ word }) => word)

  test('commands, by the beginning of their names', () => {
    expect(words('listc')).toEqual(['listclusters'])
    expect(words('')).toEqual([...description.commands.map(({ name }) => name), 'help'])
    expect(words('help', 'termi')).toEqual(['terminate'])
    expect(words('local', 'image', 'bui')).toEqual(['build'])
  })
  test('options of the command, and those before it', () => {
    expect(words('start', '--cluster-te')).toEqual(['--cluster-template'])
    expect(words('--reg')).toEqual(['--region'])
    expect(words('-r', 'local', 'start', '--cluster-te')).toEqual(['--cluster-template'])
  })
  test('clusters, each only once where several may be named; aliases of commands too', () => {
    expect(words('terminate', '')).toEqual(['one', 'other'])
    expect(words('terminate', 'one', '')).toEqual(['other'])
    expect(words('lc', 'ot')).toEqual(['other'])
  })
  test('nodes of the cluster that is named before', () => {
    expect(words('sshnode', 'other', 'no')).toEqual(['node007'])
    expect(words('removenode', 'one', '-a', 'master,no')).toEqual(['master,node001'])
  })
  test('values of options, behind a blank or an equals sign', () => {
    expect(words('start', '-c', '')).toEqual(['small'])
    expect(words('start', '--cluster-template=s')).toEqual(['--cluster-template=small'])
    expect(words('start', '-k', 'my')).toEqual(['mykey'])
  })
  test('plugins, then clusters', () => {
    expect(words('runplugin', '')).toEqual(['hello'])
    expect(words('runplugin', 'hello', 'on')).toEqual(['one'])
  })
  test('files where a file is meant, nothing in a remote command or behind a mistake', () => {
    expect(complete(description, names, ['-c', '']).files).toBe(true)
    expect(complete(description, names, ['shell', '']).files).toBe(true)
    expect(words('sshmaster', 'one', 'ls', '')).toEqual([])
    expect(words('strat', '')).toEqual([])
  })
  test('of every argument it is known whether completion has names for it', () => {
    const free = ['kind', 'which', 'name', 'way', 'shell', 'word', 'time', 'size', 'bucket', 'type', 'words']
    const unknown = (command: CommandDescription): string[] => [
      ...command.arguments
        .filter(({ name, choices }) => !choices.length && !kindOfArgument(name) && !free.includes(name))
        .map(({ name }) => `${command.name} <${name}>`),
      ...command.subcommands.flatMap(unknown),
    ]
    expect(description.commands.flatMap(unknown)).toEqual([])
  })
})

describe('in real shells', () => {
  let cloud: Awaited<ReturnType<typeof clusterRecords>>
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    cloud = await clusterRecords({ sunflower: 2, violet: 1 })
    await cloud.home.write('bin/starcluster', `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    await cliOk(['__names'], { env: cloud.env })
    const { chmod } = await import('node:fs/promises')
    await chmod(`${cloud.home.path}/bin/starcluster`, 0o755)
    env = { ...cloud.env, PATH: `${cloud.home.path}/bin:${cloud.env.PATH}`, TERM: 'dumb' }
  })
  afterAll(async () => cloud?.remove())

  test('bash', async () => {
    await using shell = new Pty(['bash', '--norc', '--noprofile'], { env: { ...env, PS1: '> ' } })
    shell.enter('eval "$(starcluster completion bash)"; echo rea""dy')
    await shell.sees('ready')
    shell.type('starcluster termi\t')
    await shell.sees('terminate ')
    shell.type('sun\t')
    await shell.sees('sunflower ')
    shell.type('\x15starcluster sshnode sunflower node\t')
    await shell.sees('node001 ')
    shell.type('\x15starcluster --region=loc\t')
    await shell.sees('--region=local ')
  })
  test.skipIf(!existsSync('/usr/bin/zsh'))('zsh', async () => {
    await using shell = new Pty(['zsh', '-f'], { env: { ...env, PS1: '> ' } })
    shell.enter('autoload -U compinit; compinit -u -D; eval "$(starcluster completion zsh)"; echo rea""dy')
    await shell.sees('ready\n')
    shell.type('starcluster termi\t')
    await shell.sees(/nate /)
    shell.type('vio\t')
    await shell.sees(/let /)
  })
  test.skipIf(!existsSync('/usr/bin/fish'))('fish', async () => {
    const { execFile } = await import('node:child_process')
    const { promisify } = await import('node:util')
    const ask = async (line: string) =>
      (
        await promisify(execFile)('fish', ['-c', `starcluster completion fish | source; complete -C '${line}'`], {
          env,
        })
      ).stdout
    expect(await ask('starcluster termi')).toBe('terminate\tterminate a cluster and delete its disks\n')
    expect(await ask('starcluster stop vi')).toMatch(/^violet\t1 node\n$/)
  })

  test('what a command makes or ends is known at the next Tab', async () => {
    await cliOk(['terminate', '-c', 'violet'], { env })
    await expect
      .poll(async () => (await cliOk(['__complete', '--', 'stop', ''], { env })).stdout, { timeout: 20_000 })
      .toBe('sunflower\t2 nodes\n')
  })
  test('no daemon is started, and no error is shown', async () => {
    await cliOk(['local', 'stop'], { env })
    const { stdout, stderr, status } = await runCli(
      ['-c', '/nowhere', '__complete', '--', '-c', '/nowhere', 'stop', ''],
      { env },
    )
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 })
    await cliOk(['__names'], { env })
    expect((await cliOk(['local', 'status'], { env })).stdout).toContain('not running')
  })
})
