import { readdir, readlink } from 'node:fs/promises'

/** Pids of a node by the pid namespace of one of its processes, for hosts without control groups of ours. */
export async function processesBeside(hostPid: number): Promise<number[]> {
  const namespace = (pid: number | string) => readlink(`/proc/${pid}/ns/pid`).catch(() => undefined)
  const wanted = await namespace(hostPid)
  if (wanted === undefined) return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async (pid) => (await namespace(pid)) === wanted))
  return pids.filter((_, at) => found[at]).map(Number)
}
