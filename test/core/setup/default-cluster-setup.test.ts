import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../../../src/core/cluster/cluster.js'
import { parseExports, parseHosts } from '../../../src/core/node/facts.js'
import type { Node } from '../../../src/core/node/node.js'
import type { SetupContext } from '../../../src/core/setup/cluster-setup.js'
import { DefaultClusterSetup, type SetupWork } from '../../../src/core/setup/default-cluster-setup.js'
import { onEach } from '../../../src/core/ssh/fan-out.js'
import { sh } from '../../../src/core/ssh/quote.js'
import { createStarCluster, type StarCluster } from '../../../src/starcluster.js'
import { type LocalCloud, useLocalCloud } from '../../support/local-cloud.js'
import { canRunNodes } from '../../support/privileges.js'
import { recordingLog } from '../../support/recording-log.js'

const minutes = 60_000

describe.skipIf(!canRunNodes)('the default set-up on three real nodes', () => {
  let cloud: LocalCloud
  let sc: StarCluster
  let cluster: Cluster
  let nodes: Node[]
  let [master, node001, node002]: Node[] = []
  const { log, lines } = recordingLog()

  beforeAll(async () => {
    cloud = await useLocalCloud()
    sc = await createStarCluster({ env: cloud.env, log })
    cluster = await sc.cm.startCluster('c', { overrides: { clusterSize: 3 } })
    nodes = await cluster.getNodes()
    ;[master, node001, node002] = nodes
  }, 10 * minutes)
  afterAll(async () => {
    await sc?.close()
    await cloud?.remove()
  }, 5 * minutes)

  const out = async (node: Node, command: string) =>
    (await node.ssh.execute(command, { sourceProfile: false })).stdout.trim()
  const everywhere = (command: string) => Promise.all(nodes.map((node) => out(node, command)))
  /** Pairs of path and client in the master's /etc/exports. */
  const exported = async () =>
    parseExports(await out(master!, 'cat /etc/exports')).map(({ path, clients }) => [path, clients[0]!.host])
  const context = (signal = new AbortController().signal): SetupContext => ({
    cluster,
    signal,
    log,
    onEach: (some, task) => onEach(some, task, { signal }),
  })

  /** Everything the set-up may write, with content and time of change, on every node. */
  const state = () =>
    everywhere(
      `cd /; for f in etc/hostname etc/hosts etc/exports etc/fstab etc/passwd etc/shadow etc/group etc/ssh/ssh_known_hosts root/.ssh/* home/*/.ssh/* scratch/* mnt/*; do
        [ -e "$f" ] && stat -c '%n %i %Y %Z %a %U:%G' "$f" && { [ -d "$f" ] || md5sum "$f"; }; done; hostname`,
    )

  test('every node knows its name and all others by theirs', async () => {
    expect(await everywhere('hostname; cat /etc/hostname')).toEqual(nodes.map(({ alias }) => `${alias}\n${alias}`))
    for (const node of nodes) {
      const entries = parseHosts(await out(node, 'cat /etc/hosts'))
      for (const { alias, privateIpAddress } of nodes) {
        expect(entries.filter(({ names }) => names.includes(alias))).toEqual([
          { address: privateIpAddress, names: [alias] },
        ])
      }
      expect(entries.some(({ names }) => names.includes('localhost'))).toBe(true)
    }
  })

  test('the cluster user has the same ids everywhere, a home and scratch space', async () => {
    const ids = await everywhere('id -u sgeadmin; id -g sgeadmin')
    expect(new Set(ids).size).toBe(1)
    expect(Number(ids[0]!.split('\n')[0])).toBeGreaterThanOrEqual(1000)
    expect(await master!.getpwnam('sgeadmin')).toMatchObject({
      pw_dir: '/home/sgeadmin',
      pw_shell: expect.stringMatching(/bash$/),
    })
    expect(await everywhere("runuser -u sgeadmin -- sh -c 'cd /scratch/sgeadmin && touch x && pwd -P'")).toEqual(
      nodes.map(() => '/mnt/sgeadmin'),
    )
  })

  test('/home is shared in both directions', async () => {
    for (const node of nodes)
      await out(node, `runuser -u sgeadmin -- sh -c 'echo ${node.alias} > ~/from-${node.alias}'`)
    const seen = await everywhere('cat /home/sgeadmin/from-*; stat -c %U /home/sgeadmin/from-master')
    expect(seen).toEqual(nodes.map(() => 'master\nnode001\nnode002\nsgeadmin'))
    expect(await exported()).toEqual([
      ['/home', node001!.privateIpAddress],
      ['/home', node002!.privateIpAddress],
    ])
  })

  test(
    'root and the cluster user reach every node from every node by name and address, without a question',
    async () => {
      const names = nodes.flatMap(({ alias, privateIpAddress }) => [alias, privateIpAddress])
      const command = names.map((name) => sh`ssh -o BatchMode=yes ${name} hostname`.text).join(' && ')
      for (const node of nodes) {
        const expected = nodes.flatMap(({ alias }) => [alias, alias]).join('\n')
        expect(await out(node, command)).toBe(expected)
        expect(await out(node, sh`runuser -u sgeadmin -- sh -c ${command}`.text)).toBe(expected)
      }
    },
    5 * minutes,
  )

  test('no private key has left the node it was made on', async () => {
    const keys = await everywhere('cat /root/.ssh/id_ed25519.pub')
    expect(new Set(keys).size).toBe(nodes.length)
    expect(lines.filter((line) => line.includes('PRIVATE KEY'))).toEqual([])
  })

  test(
    'the second run changes nothing',
    async () => {
      const before = await state()
      lines.length = 0
      await sc.cm.startCluster('c', { create: false })
      expect(lines.filter((line) => line.includes('changed: '))).toEqual([])
      expect(await state()).toEqual(before)
    },
    5 * minutes,
  )

  test(
    'round trips per node do not grow with the number of nodes',
    async () => {
      const trips = async (some: Node[]) => {
        lines.length = 0
        await new DefaultClusterSetup().run(some, master!, 'sgeadmin', 'bash', {}, context())
        return lines.filter((line) => line.startsWith('debug: node001: executing')).length
      }
      const two = await trips([master!, node001!])
      expect(two).toBeGreaterThan(0)
      expect(await trips(nodes)).toBe(two)
      expect(two).toBeLessThanOrEqual(3)
    },
    5 * minutes,
  )

  test(
    'a node that is removed is forgotten by the others, and comes back when it is added',
    async () => {
      const setup = new DefaultClusterSetup()
      await setup.onRemoveNode(node002!, nodes, master!, 'sgeadmin', 'bash', {}, context())
      for (const node of [master!, node001!]) {
        const files = await out(node, 'cat /etc/hosts /etc/ssh/ssh_known_hosts /root/.ssh/authorized_keys')
        expect(files).not.toContain('node002')
        expect(files).not.toContain(await out(node002!, 'cat /root/.ssh/id_ed25519.pub'))
      }
      expect(await out(master!, 'cat /etc/exports')).not.toContain(node002!.privateIpAddress)
      await setup.onAddNode(node002!, nodes, master!, 'sgeadmin', 'bash', {}, context())
      expect(await out(master!, 'ssh -o BatchMode=yes node002 hostname')).toBe('node002')
      expect(await out(node002!, 'cat /home/sgeadmin/from-master')).toBe('master')
    },
    5 * minutes,
  )

  test(
    'a step can be left out or replaced by a subclass',
    async () => {
      class Mine extends DefaultClusterSetup {
        protected override async setupScratch({ targets, scripts }: SetupWork): Promise<void> {
          for (const node of targets) scripts.add(node, { name: 'mine', command: sh`echo ${node.alias} > /root/mine` })
        }
      }
      await new Mine().run(nodes, master!, 'sgeadmin', 'bash', {}, context())
      expect(await everywhere('cat /root/mine')).toEqual(nodes.map(({ alias }) => alias))
    },
    5 * minutes,
  )

  test(
    'accounts, hosts, keys and shares of a plugin are made once and taken back',
    async () => {
      await onEach(nodes, (node) => node.addUser('alice', 1500, 1500))
      expect(await everywhere('id alice')).toEqual(
        nodes.map(() => 'uid=1500(alice) gid=1500(alice) groups=1500(alice)'),
      )
      const key = await master!.generateKeyForUser('alice', { authNewKey: true, authConnKey: true })
      expect(await master!.generateKeyForUser('alice', { authNewKey: true, authConnKey: true })).toBe(key)
      expect(await out(master!, 'wc -l < /home/alice/.ssh/authorized_keys')).toBe('2')
      await master!.enablePasswordlessSsh('alice', nodes)
      expect(await out(node001!, "runuser -u alice -- ssh -o BatchMode=yes node002 'id -un; hostname'")).toBe(
        'alice\nnode002',
      )

      await out(master!, 'mkdir -p /opt/shared && echo hello > /opt/shared/file')
      for (const node of [node001!, node002!]) await master!.exportFsToNodes([node], ['/opt/shared'])
      await onEach([node001!, node002!], (node) => node.mountNfsShares(master!, ['/opt/shared']))
      expect(await out(node002!, 'cat /opt/shared/file')).toBe('hello')
      const home = [node001!, node002!].map(({ privateIpAddress }) => ['/home', privateIpAddress])
      const shared = [node001!, node002!].map(({ privateIpAddress }) => ['/opt/shared', privateIpAddress])
      expect(await exported()).toEqual([...home, ...shared])
      await master!.stopExportingFsToNodes([node001!], ['/opt/shared'])
      expect(await exported()).toEqual([...home, shared[1]])
      await master!.stopExportingFsToNodes([node002!])
      expect(await exported()).toEqual([home[0]])
      await master!.exportFsToNodes([node002!])
      expect(await exported()).toEqual(home)

      await node001!.addToEtcHosts([{ ...node002!, alias: 'node00', privateIpAddress: '10.9.9.9' } as unknown as Node])
      await node001!.removeFromEtcHosts([
        { ...node002!, alias: 'node00', privateIpAddress: '10.9.9.9' } as unknown as Node,
      ])
      expect(parseHosts(await out(node001!, 'cat /etc/hosts')).flatMap(({ names }) => names)).toContain('node002')
      await onEach(nodes, (node) => node.removeUser('alice'))
      expect(await master!.getpwnam('alice')).toBeUndefined()
    },
    5 * minutes,
  )

  test('a file is copied to other nodes with its mode and owner', async () => {
    await out(master!, "printf 'a\\0b\\377' > /root/copy; chown 33:33 /root/copy; chmod 640 /root/copy")
    await master!.copyRemoteFileToNodes('/root/copy', [node001!, node002!], '/srv/copy')
    const copies = await Promise.all(
      [node001!, node002!].map((node) => out(node, "stat -c '%a %u:%g %s' /srv/copy; md5sum < /srv/copy")),
    )
    expect(new Set([...copies, await out(master!, "stat -c '%a %u:%g %s' /root/copy; md5sum < /root/copy")]).size).toBe(
      1,
    )
  })

  test('facts of a node are read', async () => {
    expect(await master!.packageProvider()).toBe('apt')
    expect(await master!.numProcessors()).toBeGreaterThan(0)
    expect(await master!.memory()).toBeGreaterThan(0)
    expect((await node001!.getUserMap()).get('sgeadmin')?.pw_dir).toBe('/home/sgeadmin')
    expect((await node001!.getGroupMap()).get('sgeadmin')).toBeDefined()
    expect((await node001!.getMounts()).map(({ path }) => path)).toContain('/home')
  })

  test(
    'another computer with the same credentials learns the host keys from the console output',
    async () => {
      await rm(sc.paths.knownHostsDir, { recursive: true })
      const other = await createStarCluster({ env: cloud.env, log })
      try {
        const { argv } = await other.cm.sshTarget('c', 'node001', { command: 'hostname' })
        const [program, ...args] = argv
        const { stdout } = await promisify(execFile)(program!, args, { encoding: 'utf8' })
        expect(stdout.trim()).toBe('node001')
      } finally {
        await other.close()
      }
    },
    5 * minutes,
  )

  test(
    'after a restart, and after stop and start, the set-up is whole again',
    async () => {
      await sc.cm.restartCluster('c')
      await sc.cm.stopCluster('c')
      cluster = await sc.cm.startCluster('c', { create: false })
      nodes = await cluster.getNodes()
      ;[master, node001, node002] = nodes
      await out(master!, 'echo new > /home/sgeadmin/after')
      expect(await everywhere('hostname; cat /home/sgeadmin/after')).toEqual(nodes.map(({ alias }) => `${alias}\nnew`))
      await out(node002!, 'echo back > /home/sgeadmin/after')
      expect(await out(master!, 'cat /home/sgeadmin/after')).toBe('back')
    },
    5 * minutes,
  )

  test(
    'a cluster whose master was killed is listed and can be terminated',
    async () => {
      await master!.terminate()
      expect((await sc.cm.listClusters({ tags: ['c'] }))[0]!.nodes.map(({ alias }) => alias)).toContain('node001')
      await sc.cm.terminateCluster('c')
      expect(await sc.cm.clusterExists('c')).toBe(false)
    },
    5 * minutes,
  )
})
