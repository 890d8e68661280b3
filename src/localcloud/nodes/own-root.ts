import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { batched } from './batched.js'
import { guestDir } from './guest-dir.js'
import { mustRunHost, runHost } from './host-command.js'
import { nodeRoot } from './ids.js'

type Command = readonly [command: string, args: readonly string[]]

/**
 * A host program with the rights over what nodes write: as root itself, for an ordinary user in a user namespace in
 * which he is root and his subordinate ids are the nodes' (guest/host/as-own-root.pl).
 */
export function asOwnRoot(command: string, args: readonly string[]): [command: string, args: string[]] {
  if (process.getuid?.() === 0) return [command, [...args]]
  return ['perl', [join(guestDir(), 'host', 'as-own-root.pl'), command, ...args]]
}

/**
 * A host program in `dir`, as root inside nodes: what it writes there belongs to their ids. As root it has no power over
 * anything else of the host. The kernel ends it with us.
 */
export function asNodeRootIn(dir: string, command: string, args: readonly string[]): [command: string, args: string[]] {
  const dying = ['--pdeathsig', 'KILL']
  const inner = ['setpriv', ...dying, command, ...args]
  // The ids of an ordinary user's own root are those of nodes.
  if (process.getuid?.() !== 0) return asOwnRoot('env', ['-C', dir, ...inner])
  const enter = join(guestDir(), 'host', 'as-node-root.pl')
  return ['setpriv', [...dying, 'perl', enter, String(nodeRoot()), dir, ...inner]]
}

/** Removes trees that nodes may have written to; none of them crosses into another file system. */
export async function removeTrees(...paths: string[]): Promise<void> {
  const there = await Promise.all(paths.map((path) => lstat(path).catch(() => undefined)))
  const failures = await Promise.all(paths.filter((_, at) => there[at]).map(removal))
  const failure = failures.find((one) => one !== undefined)
  if (failure) throw failure
}

const rm = (paths: readonly string[]) => mustRunHost(...asOwnRoot('rm', ['-rf', '--one-file-system', ...paths]))

/** Fifty machines go at once: one program for all, and one for each only to tell which of them failed. -> failures */
const removal = batched(async (paths: readonly string[]): Promise<ReadonlyMap<string, Error>> => {
  const failures = new Map<string, Error>()
  if (
    await rm(paths).then(
      () => true,
      () => false,
    )
  )
    return failures
  for (const path of paths) await rm([path]).catch((error: Error) => failures.set(path, error))
  return failures
})

/**
 * Whether this user can make nodes at all, before anything else fails less clearly. Nothing to ask as root.
 * @throws LocalCloudError OrdinaryUserRefused with what is missing and the ways on
 */
export async function mustHaveOwnRoot(probe: Command = ['true', []]): Promise<void> {
  if (process.getuid?.() === 0) return
  const why = await ownRootComplaint(probe)
  if (why === undefined) return
  throw new LocalCloudError('OrdinaryUserRefused', `an ordinary user cannot make machines here: ${why}`, {
    hint: 'starcluster local doctor says how to mend it; or run starcluster as root (sudo -i)',
  })
}

/** Why this user cannot be root of a user namespace of his own; undefined when he can. */
export async function ownRootComplaint([command, args]: Command = ['true', []]): Promise<string | undefined> {
  const { exitCode, stderr } = await runHost(...asOwnRoot(command, args), { deadlineMs: 20_000 })
  if (exitCode === 0) return undefined
  return stderr.trim().split('\n').at(-1) || `${command} ended with status ${exitCode}`
}
