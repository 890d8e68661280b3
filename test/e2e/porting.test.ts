import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Cluster } from '../../src/core/cluster/cluster.js'
import type { Node } from '../../src/core/node/node.js'
import { createStarCluster, type StarCluster } from '../../src/starcluster.js'
import { type LocalCloud, useLocalCloud } from '../support/local-cloud.js'
import { canRunNodes } from '../support/privileges.js'
import { recordingLog } from '../support/recording-log.js'

vi.setConfig({ testTimeout: 300_000 })

const page = readFileSync(new URL('../../docs/porting.md', import.meta.url), 'utf8')

/** The translated plugin below a heading of docs/porting.md, and the section that sets it up. */
function translation(heading: string): { files: Record<string, string>; section: string } {
  const text = page.split(`### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? ''
  const block = (language: string) => text.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? ''
  const section = block('ini')
  const file = /setup_class = (\w+)\./.exec(section)?.[1]
  return { files: { [`.starcluster/plugins/${file}.ts`]: block('ts') }, section }
}

const plugins = [
  'A package installer with settings',
  'A service on the master that workers join',
  'Config files from a template, on every node',
].map(translation)

describe.skipIf(!canRunNodes)('the translated plugins of docs/porting.md on real nodes', () => {
  let cloud: LocalCloud
  let sc: StarCluster
  let cluster: Cluster
  let master: Node
  const { log } = recordingLog()
  const out = async (node: Node, command: string) => (await node.ssh.execute(command)).stdout.trim()

  beforeAll(async () => {
    const names = plugins.map(({ section }) => /\[plugin (\w+)\]/.exec(section)?.[1]).join(', ')
    const template = `[cluster small]\ncluster_size = 2\nplugins = ${names}\n[global]\ndefault_template = small\n`
    cloud = await useLocalCloud({
      ...Object.assign({}, ...plugins.map(({ files }) => files)),
      '.starclusterrc': `${plugins.map(({ section }) => section).join('\n')}\n${template}`,
    })
    sc = await createStarCluster({ env: cloud.env, log })
    cluster = await sc.cm.startCluster('c')
    master = await cluster.getMaster()
  }, 600_000)
  afterAll(async () => {
    await sc?.close()
    await cloud?.remove()
  }, 300_000)

  test('packages are installed, also on a node that is added', async () => {
    await sc.cm.addNode('c')
    for (const node of await cluster.getNodes()) expect(await node.ssh.hasRequired(['tree', 'beanstalkd'])).toBe(true)
  })

  test('workers know the service on the master, and it answers them; the master knows the workers', async () => {
    const ask = `bash -lc 'exec 3<> "/dev/tcp/\${QUEUE/://}" && printf "list-tubes\\r\\n" >&3 && head -n 1 <&3'`
    for (const node of (await cluster.getNodes()).slice(1)) expect(await out(node, ask)).toMatch(/^OK \d+/)
    expect(await master.ssh.getRemoteFileLines('/etc/queue-workers')).toEqual(['node001', 'node002'])
  })

  test('every node has its config file, with owner and mode', async () => {
    for (const node of await cluster.getNodes()) {
      const lines = await node.ssh.getRemoteFileLines('/etc/worker.conf')
      expect(lines.slice(0, 3)).toEqual([
        `role = ${node.isMaster() ? 'master' : 'worker'}`,
        `name = ${node.alias}`,
        `master = ${master.privateIpAddress}`,
      ])
      expect(lines[3]).toBe(`slots = ${2 * (await node.numProcessors())}`)
      expect(await out(node, "stat -c '%a %U:%G' /etc/worker.conf")).toBe('640 sgeadmin:sgeadmin')
    }
  })

  test('a second run changes nothing, and a node that leaves is forgotten', async () => {
    const changes = await sc.cm.runPlugin('workerconfig', 'c', { diff: true })
    expect(changes?.none).toBe(true)
    await sc.cm.removeNode('c', 'node001')
    expect(await master.ssh.getRemoteFileLines('/etc/queue-workers')).toEqual(['node002'])
  })
})
