import type { CliContext } from '../context.js'

export async function snapshot(cli: CliContext, cluster: string, name: string | undefined): Promise<void> {
  const { cm } = await cli.open()
  const made = await cm.snapshot(cluster, name, { signal: cli.signal })
  cli.print(`Go back to it with: starcluster local rollback ${cluster} ${made.name}`)
}

export async function rollback(cli: CliContext, cluster: string, name: string | undefined): Promise<void> {
  const { cm } = await cli.open()
  await cm.rollback(cluster, name, { signal: cli.signal })
}

export async function snapshots(cli: CliContext, cluster: string, flags: { remove?: string }): Promise<void> {
  const { cm } = await cli.open()
  const options = { signal: cli.signal }
  if (flags.remove !== undefined) await cm.forgetSnapshot(cluster, flags.remove, options)
  const left = await cm.listSnapshots(cluster, options)
  if (left.length === 0) cli.print(`No snapshots of ${cluster}.`)
  for (const { name, created } of left) cli.print(`${created.toISOString().slice(0, 19).replace('T', ' ')}  ${name}`)
}
