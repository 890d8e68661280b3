import { median, repeated, report, seconds } from '../measure.mjs'
import { silent } from '../reload.mjs'

/** Snapshot and rollback of a cluster, each until a command over ssh works on all its nodes again. */
export async function benchRollback(env, cluster) {
  const { createStarCluster, onEach } = await import('../../../../dist/index.js')
  const sc = await createStarCluster({ env, log: silent })
  const nodes = await (await sc.cm.getCluster(cluster)).getNodes()
  const works = () => onEach(nodes, (node) => node.ssh.execute('true'))
  const timed = (act) =>
    repeated(3, () =>
      seconds(async () => {
        await act()
        await works()
      }),
    )
  await works()
  const snapshots = await timed(() => sc.cm.snapshot(cluster))
  report(`snapshot of ${nodes.length} nodes, until ssh works`, median(snapshots), 's', 2)
  await onEach(nodes, (node) => node.ssh.execute('touch /root/later'))
  const rollbacks = await timed(() => sc.cm.rollback(cluster))
  const later = await onEach(nodes, (node) => node.ssh.pathExists('/root/later'))
  if (later.includes(true)) throw new Error('a rollback left what was written after the snapshot')
  report(`rollback of ${nodes.length} nodes, until ssh works`, median(rollbacks), 's', 2)
  await sc.close()
}
