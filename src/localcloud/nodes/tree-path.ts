import { lstat, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Where a path of a file system tree leads when the tree is the root: links are followed inside of it only, as the
 * kernel would after a chroot. -> path on the host, or undefined when there is nothing
 */
export async function resolveInTree(root: string, path: string): Promise<string | undefined> {
  const left = path.split('/').filter(Boolean)
  const done: string[] = []
  for (let links = 0; left.length > 0; ) {
    const name = left.shift()!
    if (name === '.') continue
    if (name === '..') {
      done.pop()
      continue
    }
    const at = join(root, ...done, name)
    const status = await lstat(at).catch(() => undefined)
    if (!status) return undefined
    if (!status.isSymbolicLink()) {
      done.push(name)
      continue
    }
    if (++links > 40) return undefined
    const target = await readlink(at)
    if (target.startsWith('/')) done.length = 0
    left.unshift(...target.split('/').filter(Boolean))
  }
  return join(root, ...done)
}
