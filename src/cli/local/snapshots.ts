import { actOnDisks, type DiskAct } from '../../localcloud/control.js'
import type { CliContext } from '../context.js'

export async function snapshot(cli: CliContext, cluster: string, name: string): Promise<void> {
  const seconds = await timed(async () => act(cli, cluster, (ids) => ({ act: 'snapshot', ids, name })))
  cli.print(`Snapshot ${name} of ${cluster} is made (${seconds} s); its machines run again.`)
  cli.print(`Go back to it with: starcluster local rollback ${cluster} ${name}`)
}

export async function rollback(cli: CliContext, cluster: string, name: string | undefined): Promise<void> {
  const wanted = name ?? (await act(cli, cluster, (ids) => ({ act: 'list', ids }))).at(-1)?.name
  if (wanted === undefined) {
    cli.print(`There is no snapshot of ${cluster}. Make one with: starcluster local snapshot ${cluster} NAME`)
    return cli.exitWith(1)
  }
  const seconds = await timed(async () => act(cli, cluster, (ids) => ({ act: 'rollback', ids, name: wanted })))
  cli.print(`${cluster} is back at snapshot ${wanted} (${seconds} s).`)
}

export async function snapshots(cli: CliContext, cluster: string, flags: { remove?: string }): Promise<void> {
  const { remove } = flags
  const left = await act(cli, cluster, (ids) =>
    remove === undefined ? { act: 'list', ids } : { act: 'forget', ids, name: remove },
  )
  if (left.length === 0) cli.print(`No snapshots of ${cluster}.`)
  for (const { name, created } of left) cli.print(`${created.slice(0, 19).replace('T', ' ')}  ${name}`)
}

async function act(cli: CliContext, cluster: string, request: (ids: readonly string[]) => DiskAct) {
  return actOnDisks(cli.env, request(await machinesOf(cli, cluster)), cli.signal)
}

/** Instance ids of a cluster, the master's first. */
async function machinesOf(cli: CliContext, cluster: string): Promise<string[]> {
  const { cm, region } = await cli.open()
  if (region.name !== 'local') {
    const error = new Error(`snapshots of a whole cluster are made in region local only, not in ${region.name}`)
    throw Object.assign(error, { hint: 'Give -r local before the command word.' })
  }
  const nodes = await (await cm.getCluster(cluster)).getNodes({ signal: cli.signal })
  return nodes.map((node) => node.id)
}

async function timed(work: () => Promise<unknown>): Promise<string> {
  const start = performance.now()
  await work()
  return ((performance.now() - start) / 1000).toFixed(1)
}
