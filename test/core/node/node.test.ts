import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Cluster } from '../../../src/core/cluster/cluster.js'
import type { Node } from '../../../src/core/node/node.js'
import { waitFor } from '../../../src/core/wait.js'
import { createStarCluster, type StarCluster } from '../../../src/starcluster.js'
import { type LocalCloud, useLocalCloud } from '../../support/local-cloud.js'
import { canRunNodes } from '../../support/privileges.js'
import { recordingLog } from '../../support/recording-log.js'

vi.setConfig({ testTimeout: 300_000 })

const plugin = `import { ClusterSetup, type Node } from 'starcluster'
export class Notes extends ClusterSetup {
  constructor(private word: string) { super() }
  async run(nodes: Node[], master: Node) { await master.ssh.execute('echo ' + this.word + ' >> /root/order') }
  async onAddNode(node: Node, nodes: Node[], master: Node) {
    await master.ssh.execute('echo ' + node.alias + ' came >> /root/order')
  }
  async onShutdown(nodes: Node[], master: Node) { await master.ssh.execute('echo ' + this.word + ' down >> /root/order') }
}
export class RunOnly extends ClusterSetup { async run() {} }
`
const section = (name: string, className: string, more = '') =>
  `[plugin ${name}]\nsetup_class = notes.${className}\n${more}\n`

describe.skipIf(!canRunNodes)('the API of nodes and clusters on two real nodes', () => {
  let cloud: LocalCloud
  let sc: StarCluster
  let cluster: Cluster
  let [master, node001]: Node[] = []
  const { log } = recordingLog()
  const out = async (node: Node, command: string) => (await node.ssh.execute(command)).stdout.trim()

  beforeAll(async () => {
    cloud = await useLocalCloud({
      '.starclusterrc':
        section('one', 'Notes', 'word = one') + section('two', 'Notes', 'word = two') + section('three', 'RunOnly'),
      '.starcluster/plugins/notes.ts': plugin,
    })
    sc = await createStarCluster({ env: cloud.env, log })
    cluster = await sc.cm.startCluster('c', { overrides: { clusterSize: 2 } })
    ;[master, node001] = await cluster.getNodes()
  }, 300_000)
  afterAll(async () => {
    await sc?.close()
    await cloud?.remove()
  }, 300_000)

  test("shell() is the system's ssh with key, port and pinned host key; of the cluster too", async () => {
    const targets = [await node001!.shell({ command: 'hostname' }), await cluster.sshToMaster({ command: 'hostname' })]
    const said = targets.map(async ({ argv: [program, ...args] }) => (await promisify(execFile)(program!, args)).stdout)
    expect(await Promise.all(said)).toEqual(['node001\n', 'master\n'])
    await expect(cluster.sshToNode('node009')).rejects.toMatchObject({ code: 'InstanceDoesNotExist' })
  })

  test('nodes are asked for by name, in the order asked; what a cluster is made of is told', async () => {
    const asked = await cluster.getNodes(['node001', master!.id])
    expect(asked).toEqual([node001, master])
    await expect(cluster.getNodes(['node001', 'nod001'])).rejects.toThrow('did you mean node001?')
    expect(
      await Promise.all([cluster.isUp(), cluster.isStoppable(), cluster.isEbsCluster(), cluster.hasEbsNodes()]),
    ).toEqual([true, true, true, true])
    const not = [cluster.isStopped(), cluster.isTerminated(), cluster.isSpotCluster(), cluster.hasSpotNodes()]
    expect(await Promise.all(not)).toEqual([false, false, false, false])
    expect(await cluster.getSpotRequests()).toEqual([])
    await expect(cluster.getSpotRequestsOrThrow()).rejects.toMatchObject({ code: 'NoClusterSpotRequests' })
  })

  test('the instance tells its user data, launch time and spot request', async () => {
    expect((await master!.userData()).get('user-data')).toContain('#cloud-config')
    expect(new Date(master!.localLaunchTime).getTime()).toBe(master!.launchTime!.setMilliseconds(0))
    expect(await master!.getSpotRequest()).toBeUndefined()
    expect(master!.parentCluster).toBe('c')
  })

  test('accounts and groups by number', async () => {
    expect((await master!.getUserMap(true)).get(0)?.pw_dir).toBe('/root')
    expect((await master!.getGroupMap(true)).get(0)?.gr_name).toBe('root')
    expect(await master!.getgrgid(0)).toEqual(await master!.getgrnam('root'))
    expect(await master!.getpwuid(12_345)).toBeUndefined()
  })

  test('volumes: seen as disks, detached, and the root volume deleted only of a node that is stopped', async () => {
    const { VolumeId = '' } = await sc.aws.ec2.createVolume({ Size: 1, AvailabilityZone: node001!.placement })
    const state = async (wanted: string) => {
      const { Volumes } = await sc.aws.ec2.describeVolumes({ VolumeIds: [VolumeId] })
      return Volumes?.[0]?.State === wanted || undefined
    }
    await waitFor('the volume', () => state('available'), { timeoutMs: 60_000 })
    await sc.aws.ec2.attachVolume({ VolumeId, InstanceId: node001!.id, Device: '/dev/sdf' })
    await waitFor('the volume', () => state('in-use'), { timeoutMs: 60_000 })
    const disks = () => node001!.getDeviceMap()
    await waitFor('the disk', async () => (await disks()).get('/dev/xvdf'), { timeoutMs: 60_000 })
    expect(await disks()).toEqual(new Map([['/dev/xvdf', 1024 * 1024]]))
    expect(await node001!.getPartitionMap('/dev/sdf')).toEqual(new Map())
    await out(node001!, 'mkfs.ext4 -q /dev/xvdf')
    await node001!.mountDevice('/dev/xvdf', '/data')
    expect((await node001!.getMountMap()).get('/dev/xvdf')).toMatchObject({ path: '/data', type: 'ext4' })
    await out(node001!, 'umount /data')
    await node001!.update()
    await node001!.detachExternalVolumes()
    expect(await state('available')).toBe(true)
    await expect(node001!.deleteRootVolume()).rejects.toMatchObject({ code: 'InvalidOperation' })
  })

  test('switchUser, and an open file of that user; a command in the background', async () => {
    await master!.addUser('carol')
    await node001!.ssh.execute('true')
    await master!.generateKeyForUser('carol', { authConnKey: true })
    await master!.ssh.switchUser('carol')
    try {
      expect(await out(master!, 'id -un; pwd')).toBe('carol\n/home/carol')
      const file = await master!.ssh.remoteFile('notes', 'w')
      await file.writelines(['one\n', 'two\n'])
      await file.chmod(0o640)
      await file.close()
      const again = await master!.ssh.remoteFile('notes', 'r')
      expect([await again.readlines(), (await again.stat()).mode & 0o777]).toEqual([['one\n', 'two\n'], 0o640])
      await again.close()
      await master!.ssh.executeAsync('while ! [ -e go ]; do sleep 0.1; done; echo done > finished')
      await master!.ssh.execute('touch go')
      await waitFor('the command in the background', async () => (await master!.ssh.isfile('finished')) || undefined, {
        timeoutMs: 60_000,
      })
      await expect(master!.ssh.switchUser('nobody-here')).rejects.toMatchObject({ code: 'SSHAuthException' })
      expect(master!.ssh.getCurrentUser()).toBe('carol')
    } finally {
      await master!.ssh.switchUser('root')
    }
    await master!.addUserToGroup('carol', 'staff')
    expect((await master!.getgrnam('staff'))?.gr_mem).toContain('carol')
    await master!.removeUser('carol')
  })

  test('package tools are asked unattended; dnf comes before yum', async () => {
    await node001!.aptCommand('--version')
    await expect(node001!.aptCommand('install no-such-package-1')).rejects.toThrow(/no-such-package-1/)
    // No package of another distribution can be installed here: what dnf would be given is what counts.
    for (const tool of ['dnf', 'yum'])
      await node001!.ssh.writeFile(`/usr/local/bin/${tool}`, `#!/bin/sh\necho ${tool} "$@" >> /root/asked\n`, {
        mode: 0o755,
      })
    await node001!.yumInstall('htop  "a b')
    await node001!.ssh.unlink('/usr/local/bin/dnf')
    await node001!.yumCommand('makecache')
    await node001!.ssh.unlink('/usr/local/bin/yum')
    expect(await node001!.ssh.readFile('/root/asked')).toBe('dnf -q -y install -- htop "a b\nyum -q -y makecache\n')
  })

  test('plugins are run together, by any hook; tear-down from the last to the first', async () => {
    await sc.cm.runPlugins(['one', 'two'], 'c')
    await sc.cm.runPlugins(['one', 'two'], 'c', { hook: 'onShutdown' })
    await sc.cm.runPlugin('one', 'c', { hook: 'onAddNode', node: 'node001' })
    expect(await master!.ssh.readFile('/root/order')).toBe('one\ntwo\ntwo down\none down\nnode001 came\n')
    await expect(sc.cm.runPlugin('one', 'c', { hook: 'onAddNode' })).rejects.toThrow(/is about one node/)
    await expect(sc.cm.runPlugin('three', 'c', { hook: 'onRestart' })).rejects.toThrow('plugin three has no onRestart')
  })
})
