import { readFile } from 'node:fs/promises'

/**
 * Whether the kernel has given up writing to a mounted disk: ext4 does after a failed write, as when this computer's disk
 * was full. Only a new mount mends it. Source: proc_pid_mountinfo(5); the options that follow the last ` - ` are the
 * superblock's, `ro` or, since Linux 6.14, `emergency_ro`.
 */
export async function isMountFaulty(holderPid: number, id: string): Promise<boolean> {
  const table = await readFile(`/proc/${holderPid}/mountinfo`, 'utf8').catch(() => '')
  const line = table.split('\n').find((one) => one.split(' ')[4] === `/disks/nodes/${id}/fs`)
  const options = line?.slice(line.lastIndexOf(' - ')).split(' ').at(-1)?.split(',') ?? []
  return options.some((option) => ['ro', 'emergency_ro', 'shutdown'].includes(option))
}
