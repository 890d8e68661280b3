import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program, runCli } from '../support/cli.js'
import { clusterRecords } from '../support/cluster-records.js'
import { Pty } from '../support/pty.js'

let cloud: Awaited<ReturnType<typeof clusterRecords>>

beforeAll(async () => {
  cloud = await clusterRecords(
    { testcluster: 1 },
    {
      '.starclusterrc': '[plugin longname]\nsetup_class = a.B\n',
      'work/helper.ts': 'export const five: number = 5\n',
      'work/data.json': '{ "six": 6 }\n',
      'work/node_modules/tiny/index.js': 'exports.tiny = 7\n',
    },
  )
  mkdirSync(join(cloud.home.path, 'work/inner'))
})
afterAll(() => cloud?.remove())

/** Enters lines, each when the answer to the one before was seen. */
async function converse(lines: readonly (readonly [line: string, answer: string | RegExp])[]): Promise<string> {
  const env = { ...cloud.env, NO_COLOR: '1' }
  await using shell = new Pty([process.execPath, program, 'shell'], { cwd: join(cloud.home.path, 'work'), env })
  await shell.sees('|1> ')
  for (const [line, answer] of lines) {
    shell.enter(line)
    await shell.sees(line)
    await shell.sees(answer)
    await shell.sees('> ')
  }
  return shell.text
}

test('what a newcomer types gets an answer that says what to type', { timeout: 120_000 }, async () => {
  const text = await converse([
    ['help', '.help lists the other commands'],
    ['ls -l', '\n    !ls -l runs it on this machine'],
    ['ssh node001', '\n    .ssh node001 is the command\n'],
    ['cm.runPlugn("x")', '\n    did you mean cm.runPlugin?\n'],
    ['cm.help', 'undefined: cm has no help; cm? tells what it has\n'],
    ['const later = cm.getCluster("testcluster")', ''],
    ['later.getNodes()', '\n    later is a promise: (await later).getNodes\n'],
    ['cm.getCluster("testcluster").getNodes()', '(await cm.getCluster(...)).getNodes\n'],
    ["cm.runPlugin('longname')", /\n {4}it is called as cm\.runPlugin\(name: string, tag: string/],
    ["cm.runPlugin('longnam', 'testcluster')", '(did you mean longname?)'],
    ["cm.stopCluster('testclustr')", '(did you mean testcluster?)'],
    ['ec2.describeInstancess({})', 'did you mean ec2.describeInstances?'],
    ['.hist', 'there is no command .hist (did you mean history?)'],
    ['.map((x) => x)', 'there is no command .map'],
    ['cm.getCluster(testcluster)', "names of clusters are texts: 'testcluster'"],
    ['cm.runPlugin(longname, "testcluster")', "names of plugins are texts: 'longname'"],
  ])
  expect(text).not.toMatch(/\n +at /)
})

test('import finds what a TypeScript file would: no extension, .js for .ts, JSON, packages of the folder', async () => {
  await converse([
    ["import { five } from './helper'; import { five as same } from './helper.js'; five + same", '\n10\n'],
    ["import data from './data.json'; import { tiny } from 'tiny'; data.six * tiny", '\n42\n'],
    ["import 'nowhere'", /\nError: Cannot find package 'nowhere'[^\n]*\n(?=\[)/],
  ])
})

test('a list of promises is waited for; printed errors have no frames but the user’s', async () => {
  await converse([
    ['[1, 2].map(async (n) => n * 21)', '\n[ 21, 42 ]\n'],
    ['[new TypeError("a" + "b")]', '\n[\n  TypeError: ab\n]\n'],
    ['({ e: Object.assign(new Error("c" + "d"), { member: 3 }) })', /Error: cd \{\n +member: 3\n/],
    ['import.meta', /\nSyntaxError: [^\n]*\n(?=\[)/],
    ['_error', /\nSyntaxError: [^\n]*\n(?=\[)/],
  ])
})

test('!cd goes to another folder, and back', async () => {
  await converse([
    ['!cd "inner"', '[inner'],
    ['!cd -', '[work'],
    ['!cd nowhere', '/nowhere: there is no such folder\n'],
    ['!exit 3', '!!! ERROR - exit 3: exit status 3\n'],
  ])
})

test('-e tells by its status of what fails after the last line, and of process.exitCode', async () => {
  const run = (code: string) => runCli(['shell', '-e', code], { env: cloud.env })
  expect(await run('setTimeout(() => { throw new Error("later") }, 50); 0')).toMatchObject({
    status: 1,
    stdout: '0\n',
    stderr: 'Error: later\n',
  })
  expect(await run('Promise.reject(new Error("alone")); 0')).toMatchObject({ status: 1, stderr: 'Error: alone\n' })
  expect(await run('process.exitCode = 5; 1')).toMatchObject({ status: 5, stdout: '1\n' })
  expect(await run('process.exit(7)')).toMatchObject({ status: 7 })
  expect(await run('foo(')).toMatchObject({ status: 1, stderr: 'SyntaxError: The code is not complete\n' })
  expect(await run('.history')).toMatchObject({ status: 0 })
  // In the await, not in the script: there vm listens, and may take a signal with it that comes as it ends.
  const stuck = "setTimeout(() => console.log('begun'), 100); await new Promise(() => setTimeout(() => {}, 1e6))"
  expect(await runCli(['shell', '-e', stuck], { env: cloud.env, interruptAt: /begun/ })).toMatchObject({ status: 130 })
})
