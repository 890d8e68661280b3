import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../../../src/core/cluster/cluster.js'
import type { Node } from '../../../src/core/node/node.js'
import { openRootStep } from '../../../src/core/node/scripts/root-step.js'
import { runScript } from '../../../src/core/node/scripts/run-script.js'
import { DefaultClusterSetup } from '../../../src/core/setup/default-cluster-setup.js'
import { onEach } from '../../../src/core/ssh/fan-out.js'
import { createStarCluster, type StarCluster } from '../../../src/starcluster.js'
import { CutScripts } from '../../support/cut-scripts.js'
import { type LocalCloud, useLocalCloud } from '../../support/local-cloud.js'
import { canRunNodes } from '../../support/privileges.js'
import { recordingLog } from '../../support/recording-log.js'

const minutes = 60_000
const all = process.env.STARCLUSTER_TEST_ALL_FAULTS === '1'
/** Places where each node's scripts are cut off, spread evenly over all their programs. */
const cuts = all ? Number.POSITIVE_INFINITY : 4

/** Puts a node back to how it was before its first set-up. */
const remember = 'rm -rf /opt/etc /opt/ssh; cp -a /etc /opt/etc; cp -a /root/.ssh /opt/ssh'
const putBack = `if mountpoint -q /home; then umount /home; fi
rm -rf /home/* /mnt/* /scratch /root/.ssh; cp -a /opt/ssh /root/.ssh
cp -a --remove-destination /opt/etc/. /etc/
cd /etc; find . -mindepth 1 -depth | while IFS= read -r f; do [ -e "/opt/etc/$f" ] || [ -L "/opt/etc/$f" ] || rm -rf "$f"; done
hostname "$(cat /etc/hostname)"; [ ! -e /proc/fs/nfsd ] || exportfs -ra`
/** All files that differ from then, each with mode, owner and content; what hangs on new keys is told without them. */
const state = `cd /etc; find . -type f | sort | while IFS= read -r f; do cmp -s "$f" "/opt/etc/$f" || echo "/etc/$f"; done > /run/files
find /root/.ssh /home /scratch /mnt ! -name 'known_hosts*' | sort >> /run/files
while IFS= read -r f; do
  stat -c '%n %a %U:%G %F' "$f"
  case $f in */id_ed25519) [ "$(ssh-keygen -y -f "$f" | cut -d' ' -f2)" = "$(cut -d' ' -f2 "$f.pub")" ] && echo pair ;;
    */etc/shadow* | */etc/gshadow*) cut -d: -f1 "$f" ;;
    *) [ ! -f "$f" ] || sed 's/^ssh-ed25519 [^ ]* \\(.*starcluster\\)$/key \\1/' "$f" ;;
  esac
done < /run/files
hostname; grep -c ' /home nfs' /etc/fstab || true; mountpoint /home || true`

describe.skipIf(!canRunNodes)('scripts of the set-up that are cut off anywhere', () => {
  let cloud: LocalCloud
  let sc: StarCluster
  let cluster: Cluster
  let nodes: Node[]
  const { log } = recordingLog()

  beforeAll(async () => {
    cloud = await useLocalCloud()
    sc = await createStarCluster({ env: cloud.env, log })
    await sc.cm.startCluster('c', { overrides: { clusterSize: 2 }, createOnly: true })
    cluster = await sc.cm.getCluster('c')
    nodes = await cluster.getNodes()
    await onEach(nodes, (node) => node.wait({ timeoutMs: 2 * minutes }))
    await everywhere(remember)
  }, 5 * minutes)
  afterAll(async () => {
    await sc?.close()
    await cloud?.remove()
  }, 5 * minutes)

  const everywhere = (stdin: string) =>
    Promise.all(nodes.map(async (node) => (await node.ssh.execute('sh', { stdin, sourceProfile: false })).stdout))
  const setUp = () => {
    const { signal } = new AbortController()
    const context = { cluster, signal, log, onEach: onEach as never }
    return new DefaultClusterSetup().run(nodes, nodes[0]!, 'sgeadmin', 'bash', {}, context)
  }

  test(
    'the next run makes the nodes what an undisturbed one makes them',
    async () => {
      const scripts = await Promise.all(nodes.map((node) => CutScripts.on(node)))
      await setUp()
      const whole = await everywhere(state)
      const counts = await Promise.all(scripts.map((one) => one.count()))
      const failures: string[] = []
      for (const [index, one] of scripts.entries()) {
        expect(counts[index]).toBeGreaterThan(50)
        for (const at of spread(counts[index]!, cuts)) {
          // The worker first: what it has mounted is the master's.
          await nodes[1]!.ssh.execute('sh', { stdin: putBack, sourceProfile: false })
          await nodes[0]!.ssh.execute('sh', { stdin: putBack, sourceProfile: false })
          await one.cutAt(at)
          await expect(setUp(), `cut at ${at}`).rejects.toThrow()
          await one.cutAt(0)
          await setUp()
          const now = await everywhere(state)
          if (all) console.log(`${nodes[index]!.alias} ${at}/${counts[index]}`)
          if (now.join() !== whole.join()) failures.push(`${nodes[index]!.alias} cut at ${at}:\n${changes(whole, now)}`)
        }
      }
      expect(failures).toEqual([])
    },
    (all ? 60 : 10) * minutes,
  )

  test(
    'so does what opens the login of root',
    async () => {
      const [node] = nodes
      const open = async () => runScript(node!.ssh, [openRootStep(await node!.loginPublicKey())])
      const close = `sed -i 's/^ssh-ed25519/command="false" ssh-ed25519/' /root/.ssh/authorized_keys
      rm -f /etc/ssh/sshd_config.d/00*; echo PermitRootLogin no > /etc/ssh/sshd_config.d/60-test.conf`
      const opened = 'cat /root/.ssh/authorized_keys /etc/ssh/sshd_config.d/00*; ls /etc/ssh /etc/ssh/sshd_config.d'
      const see = async () => (await node!.ssh.execute(opened, { sourceProfile: false })).stdout
      const scripts = await CutScripts.on(node!)
      await node!.ssh.execute('sh', { stdin: close, sourceProfile: false })
      await open()
      const whole = await see()
      expect(whole).toContain('PermitRootLogin prohibit-password')
      for (const at of spread(await scripts.count(), cuts)) {
        await node!.ssh.execute('sh', { stdin: close, sourceProfile: false })
        await scripts.cutAt(at)
        await expect(open(), `cut at ${at}`).rejects.toThrow()
        await scripts.cutAt(0)
        await open()
        expect(await see(), `cut at ${at}`).toBe(whole)
      }
    },
    2 * minutes,
  )
})

const spread = (count: number, parts: number) =>
  Array.from({ length: Math.min(count, parts) }, (_, part) =>
    Math.ceil(((part + 0.5) * count) / Math.min(count, parts)),
  )

/** Lines that only one of both has. */
function changes(before: readonly string[], after: readonly string[]): string {
  const [old, now] = [before, after].map((texts) => texts.join('\n').split('\n')) as [string[], string[]]
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`)
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)].join('\n')
}
