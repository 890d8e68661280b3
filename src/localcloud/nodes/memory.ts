import { readFile } from 'node:fs/promises'

/** Bytes of memory of a process, shared pages divided by their users (PSS); 0 when it is gone. */
export async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}
