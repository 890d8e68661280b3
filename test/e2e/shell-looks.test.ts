import { afterAll, beforeAll, expect, test } from 'vitest'
import { program, runCli } from '../support/cli.js'
import { clusterRecords } from '../support/cluster-records.js'
import { Pty, type PtyOptions } from '../support/pty.js'

let cloud: Awaited<ReturnType<typeof clusterRecords>>

beforeAll(async () => {
  cloud = await clusterRecords({ testcluster: 3, other: 1 })
})
afterAll(() => cloud?.remove())

async function openShell(options: PtyOptions = {}): Promise<Pty> {
  const env = { ...cloud.env, NO_COLOR: '1', ...options.env }
  const shell = new Pty([process.execPath, program, 'shell'], { cwd: cloud.home.path, ...options, env })
  await shell.sees('|1> ')
  return shell
}

test('cm, clusters, nodes and what AWS answers are printed as tables', async () => {
  await using shell = await openShell()
  shell.enter('cm')
  await shell.sees(
    /\nCLUSTER +NODES +STATE.*\nother +1 +master running.*\ntestcluster +3 +master,node\[001-002\] running/,
  )
  shell.enter("const c = await cm.getCluster('testcluster'); c")
  await shell.sees(
    /\nCluster testcluster \(region local\): master,node\[001-002\] running; user sgeadmin.*\nNODE +STATE/,
  )
  await shell.sees(/\nnode002 +running +t3\.small +i-[0-9a-f]{17} +127\./)
  shell.enter('c.getMaster()')
  await shell.sees(/\nNode master \(i-[0-9a-f]{17}, cluster testcluster\)\n +state +running\n/)
  shell.enter('cm.getClusters()')
  await shell.sees(/\nCLUSTER +NODES +STATE +USER.*\nother .*\ntestcluster /)
  shell.enter('cm.listClusters()')
  await shell.sees(/\ntestcluster: master,node\[001-002\] running; local-a.*\n +NODE +STATE/)
  shell.enter('ec2.describeImages({})')
  await shell.sees(/\nIMAGE +NAME +STATE.*\nami-\w+ +debian-12 +available/)
  shell.enter('ec2.describeSecurityGroups({})')
  await shell.sees(/\nsg-\w+ +@sc-testcluster +tcp 22 from 127\.0\.0\.1\/32/)
  shell.enter("ec2.createKeyPair({ KeyName: 'fresh' })")
  await shell.sees(/KeyMaterial +\*\*\*\*\n/)
  shell.enter('_.KeyMaterial.slice(0, 10) + _.KeyMaterial')
  await shell.sees('|10> ')
  expect(shell.text).not.toMatch(/BEGIN \w+ PRIVATE|PRIVATE KEY-----\\n/)
})

test('tables fit the terminal, and colours are only where they are wanted', async () => {
  await using narrow = await openShell({ columns: 60, env: { NO_COLOR: undefined } })
  narrow.enter('ec2.describeInstances({})')
  await narrow.sees(/INSTANCE +NAME[^\n]*\n/)
  await narrow.sees('|2> ')
  const table = narrow.text.slice(narrow.text.indexOf('INSTANCE')).split('\n').slice(0, 5)
  expect(table[1]).toMatch(/^i-[0-9a-f]{17} +testcluster/)
  for (const line of table) expect(line.length).toBeLessThanOrEqual(60)
  expect(narrow.raw).toContain('\x1b[1mINSTANCE')

  await using plain = await openShell()
  plain.enter('ec2.describeInstances({})')
  await plain.sees(/\nINSTANCE/)
  await plain.sees('|2> ')
  expect(plain.raw).not.toContain('\x1b[1mINSTANCE')

  const { stdout } = await runCli(['shell'], { env: cloud.env, input: 'cm\n1 + 1\n' })
  expect(stdout).toMatch(/^ClusterManager \(region local\)\nCLUSTER .*\nother .*\ntestcluster .*\n2\n$/)
})

test('a slow or refusing AWS does not keep a value from being printed', async () => {
  await using shell = await openShell()
  shell.enter("const c = await cm.getCluster('other'); 0")
  await shell.sees('\n0\n')
  shell.enter('c.getNodes = () => new Promise(() => {}); c')
  await shell.sees('\nCluster other (region local)\n', 10_000)
  shell.enter("c.getNodes = async () => { throw new Error('refused') }; c")
  await shell.sees('\nCluster other (region local)\n')
  shell.enter("c.getNodes = () => new Promise(() => {}); console.log('ask' + 'ing'); c")
  await shell.sees('\nasking\n')
  shell.ctrlC()
  await shell.sees('|5> ')
})

test('a name and a question mark tell what it does, two show its source', async () => {
  await using shell = await openShell({ columns: 200 })
  shell.enter('cm?')
  await shell.sees(/\ncm: ClusterManager\n {2}Finds clusters.*\n( {4}.*\n)* {4}runPlugin\(name: string, tag: string/)
  expect(shell.text).not.toContain('deps:')
  await shell.sees(/\|\d+> $/)
  shell.enter('cm.run_plugin?')
  await shell.sees(/\ncm\.run_plugin\(name: string, tag: string.*\n {2}Runs a plugin/)
  await shell.sees(/\|\d+> $/)
  shell.enter('cm.runPlugin??')
  await shell.sees(/\n\/\/ src\/core\/cluster\/cluster-manager\.ts:\d+\n[\s\S]*async runPlugin\(/)
  await shell.sees(/\|\d+> $/)
  shell.enter("const node = await (await cm.getCluster('other')).getMaster(); 0")
  await shell.sees('\n0\n')
  await shell.sees(/\|\d+> $/)
  shell.enter('node.ssh.execute?')
  await shell.sees(/\nnode\.ssh\.execute\(command: Command.*\n[\s\S]*ignoreExitStatus\?: boolean +\/\/ A non-zero exit/)
  await shell.sees(/\|\d+> $/)
  shell.enter('node.ipAddress?')
  await shell.sees('\nnode.ipAddress: string\n  Public address')
  await shell.sees(/\|\d+> $/)
  shell.enter('ec2.stopInstances?')
  await shell.sees(/\nStops an Amazon EBS-backed instance[\s\S]*ec2\.stopInstances\(\{[^\n]*\n {2}InstanceIds: \[/)
  await shell.sees(/\|\d+> $/)
  shell.enter('cfg?')
  await shell.sees(/\ncfg: StarClusterConfig\n/)
  await shell.sees(/\|\d+> $/)
  shell.enter('log.info?')
  await shell.sees('\nlog.info(message: string')
  await shell.sees(/\|\d+> $/)
  shell.enter('ec2.stopEverything?')
  await shell.sees('!!! ERROR - there is no ec2.stopEverything\n')
})
