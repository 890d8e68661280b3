import { readdir, readlink } from 'node:fs/promises'

/**
 * Pids of nodes by the pid namespace that one of each node's processes is in, for hosts without control groups of ours.
 * One walk over all processes, however many nodes.
 */
export async function processesInNamespaces(hostPids: readonly number[]): Promise<ReadonlyMap<number, number[]>> {
  const namespace = (pid: number | string) => readlink(`/proc/${pid}/ns/pid`).catch(() => undefined)
  const below = new Map<string, number[]>()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  await Promise.all(
    pids.map(async (pid) => {
      const name = await namespace(pid)
      if (name === undefined) return
      const known = below.get(name)
      if (known) known.push(Number(pid))
      else below.set(name, [Number(pid)])
    }),
  )
  const found = await Promise.all(
    hostPids.map(async (pid) => [pid, below.get((await namespace(pid)) ?? '') ?? []] as const),
  )
  return new Map(found)
}
