import { chown, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** First host id of the 65536 that nodes use; high enough that no account and no /etc/subuid range is there. */
export const UID_BASE = 1879048192

const isRoot = () => process.getuid?.() === 0

/** The host's id for root inside nodes: mapped for root, ourselves for an ordinary user. */
export const nodeRoot = (): number => (isRoot() ? UID_BASE : (process.getuid?.() ?? 0))

/** The same as the supervisor sees it: an ordinary user's one is root of a user namespace whose 0 is that user. */
export const supervisorIdBase = (): number => (isRoot() ? UID_BASE : 0)

/** Gives a tree that we wrote to root inside nodes. */
export async function giveToNodeRoot(path: string): Promise<void> {
  if (!isRoot()) return
  const status = await lstat(path)
  if (status.isDirectory()) for (const name of await readdir(path)) await giveToNodeRoot(join(path, name))
  await (status.isSymbolicLink() ? lchown : chown)(path, UID_BASE, UID_BASE)
}
