import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program, runCli } from '../support/cli.js'
import { clusterRecords } from '../support/cluster-records.js'
import { Pty } from '../support/pty.js'

let cloud: Awaited<ReturnType<typeof clusterRecords>>

beforeAll(async () => {
  cloud = await clusterRecords(
    { testcluster: 2, other: 1 },
    {
      '.starclusterrc':
        '[plugin pkginstaller]\nsetup_class = pkginstaller.PackageInstaller\n[plugin longname]\nsetup_class = a.B\n[cluster smallcluster]\nplugins = pkginstaller\n',
    },
  )
})
afterAll(() => cloud?.remove())

async function openShell(): Promise<Pty> {
  const env = { ...cloud.env, NO_COLOR: '1' }
  const shell = new Pty([process.execPath, program, 'shell'], { cwd: cloud.home.path, env, columns: 100 })
  await shell.sees('|1> ')
  return shell
}

/** Presses Tab until the text appears: a first answer of the cloud may come too late for the first time. */
async function tabUntil(shell: Pty, line: string, pattern: string | RegExp): Promise<void> {
  shell.type('\x15')
  shell.type(line)
  await shell.sees(line.slice(-8))
  const deadline = Date.now() + 30_000
  for (;;) {
    shell.type('\t')
    const seen = await shell.sees(pattern, 700).catch(() => undefined)
    if (seen) return
    if (Date.now() > deadline) throw new Error(`Tab after ${line} did not show ${pattern}:\n${shell.text}`)
  }
}

test('Tab completes the real names in quotes', async () => {
  await using shell = await openShell()
  await tabUntil(shell, "cm.getCluster('te", "stcluster'")
  await tabUntil(shell, "cm.runPlugin('pk", "ginstaller'")
  await tabUntil(shell, "cm.runPlugin('pkginstaller', 'ot", "her'")
  await tabUntil(shell, "cm.sshToNode('testcluster', 'ma", "ster'")
  await tabUntil(shell, "cm.start_cluster('x', { template: 'sm", "allcluster'")
  await tabUntil(shell, '!!testc', 'luster')
  await tabUntil(shell, '.ssh oth', 'er')
  await tabUntil(shell, 'cfg.template("', 'smallcluster"')
  await tabUntil(shell, "ec2.describeKeyPairs({ KeyNames: ['st", "arcluster'")
  await tabUntil(shell, "ec2.describeImages({ ImageIds: ['", /ami-\w+'/)
  shell.type('\x15')
  shell.enter("const c = await cm.getCluster('testcluster'); 0")
  await shell.sees('\n0\n')
  await tabUntil(shell, "c.getNode('n", "ode001'")
  expect(shell.text).not.toMatch(/rror/)
})

test('Tab lists members for users, and the operations of AWS', async () => {
  await using shell = await openShell()
  await tabUntil(shell, 'cm.', 'cm.watchPlugin')
  expect(shell.text).toContain('cm.runPlugin')
  expect(shell.text).not.toMatch(/cm\.(deps|pool|run_plugin|constructor|__proto__)/)
  await tabUntil(shell, 'cm.run_', 'plugin')
  await tabUntil(shell, 'ec2.stopI', 'nstances')
  await tabUntil(shell, '.time cm.clusterE', 'xists')
  await tabUntil(shell, '__she', '')
  expect(shell.text).not.toContain('__shell')
})

test('Tab completes the options of a call and the input of an operation', async () => {
  await using shell = await openShell()
  await tabUntil(shell, "cm.startCluster('x', { temp", 'late: ')
  await tabUntil(shell, "cm.watchPlugin('pkginstaller', 'other', { ", /diff: [\s\S]*signal: /)
  await tabUntil(shell, "ec2.describeImages({ Owners: ['self'], ImageI", 'ds: ')
})

test('a stopped cloud makes Tab neither hang nor complain', async () => {
  await using shell = await openShell()
  shell.enter(
    'cm.getClusters = () => new Promise(() => {}); cm.getCluster = async () => { throw new Error("re" + "fused") }; 0',
  )
  await shell.sees('\n0\n')
  for (const line of ["cm.sshToNode('testcluster', '", "cm.stopCluster('"]) {
    shell.type(line)
    await shell.sees(line)
    await shell.tabSaysNothing()
    shell.type('\x15')
  }
  expect(shell.text).not.toContain('refused')
})

test('nor does a cloud that takes connections and never answers', async () => {
  const { stdout } = await runCli(['local', 'status'], { env: cloud.env })
  const pid = Number(/process (\d+)/.exec(stdout)?.[1])
  process.kill(pid, 'SIGSTOP')
  try {
    await using shell = await openShell()
    for (const line of ["cm.stopCluster('", "ec2.describeImages({ ImageIds: ['", '!!', '.ssh ']) {
      shell.type(line)
      await shell.sees(line)
      await shell.tabSaysNothing()
      shell.type('\x15')
    }
    shell.enter("'un' + 'harmed'")
    await shell.sees("\n'unharmed'\n")
    expect(shell.text).not.toMatch(/rror|timed out/)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('.edit opens the file of a plugin, the config, and nothing of the program itself', async () => {
  await cloud.home.write('.starcluster/plugins/a.ts', '// before\n')
  const editor = await cloud.home.write('editor', '#!/bin/sh\necho "// edited" >> "$1"\n')
  await chmod(editor, 0o755)
  const env = { ...cloud.env, NO_COLOR: '1', EDITOR: editor }
  await using shell = new Pty([process.execPath, program, 'shell'], { cwd: cloud.home.path, env })
  await shell.sees('|1> ')
  shell.enter('.edit a')
  shell.enter('.edit pkginstaller')
  await shell.sees('!!! ERROR - plugin pkginstaller comes with the program')
  shell.enter('.edit pkginstaler')
  await shell.sees('there is no plugin pkginstaler (did you mean pkginstaller?)')
  expect(await readFile(join(cloud.home.path, '.starcluster/plugins/a.ts'), 'utf8')).toBe('// before\n// edited\n')
})

test('shell --typecheck knows the types of cm and runs nothing that does not fit them', async () => {
  const input = "cm.runPlugin(3)\ncm.getCluster('other').nodes\n(await cm.getClusters()).length\n"
  const { stdout, stderr } = await runCli(['shell', '--typecheck'], { env: cloud.env, input })
  expect(stderr).toMatch(/!!! ERROR - TS2554: Expected 2-3 arguments, but got 1\.\n {2}cm\.runPlugin\(3\)\n +\^/)
  expect(stderr).toContain("TS2339: Property 'nodes' does not exist on type 'Promise<Cluster>'")
  expect(stdout).toBe('2\n')
})
