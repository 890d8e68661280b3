import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'

const POLL_MS = 25
const FSTAB_BYTES = 65_536

/** Waits until what a machine's fstab mounts over NFS at boot is mounted. @param pid of the machine's init, on the host */
export async function sharesMounted(pid: number, timeoutMs: number): Promise<boolean> {
  const wanted = await nfsMountPoints(`/proc/${pid}/root/etc/fstab`)
  const until = Date.now() + timeoutMs
  for (;;) {
    const info = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')
    const mounted = new Set(info.split('\n').map((line) => line.split(' ')[4]))
    if (wanted.every((path) => mounted.has(path))) return true
    if (info === '' || Date.now() > until) return false
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** The file is the machine's: it may be anything, so no link is followed, and nothing waited for. */
async function nfsMountPoints(path: string): Promise<string[]> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined)
  if (!file) return []
  try {
    if (!(await file.stat()).isFile()) return []
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FSTAB_BYTES), 0, FSTAB_BYTES, 0)
    const entries = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    const automatic = entries.filter(
      ([device = '#', , type = '', options = '']) =>
        !device.startsWith('#') && /^nfs4?$/.test(type) && !options.split(',').includes('noauto'),
    )
    return automatic.map(([, at = '']) => at)
  } finally {
    await file.close()
  }
}
