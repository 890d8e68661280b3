import { mkdir } from 'node:fs/promises'
import type { Node } from '../node/node.js'
import { requireText } from '../required.js'
import { SCPException } from '../ssh/errors.js'
import { onEach } from '../ssh/fan-out.js'
import { foldNodeNames } from '../ssh/fold.js'
import { get } from '../ssh/get.js'
import { putSources } from '../ssh/put.js'
import { planPut } from '../ssh/put-plan.js'
import { baseName, joinPath, type TransferOptions, transferError } from '../ssh/transfer.js'
import type { Cluster } from './cluster.js'
import { type CopyProgress, CopyTotals } from './copy-totals.js'
import { selectNodes } from './select-nodes.js'

export interface CopyOptions {
  /** One node, by alias, instance id or address. Default: the master. */
  readonly node?: string | undefined
  /** Several nodes, see `selectNodes`; wins over `node`. What is got goes into a folder for each. */
  readonly nodes?: readonly string[] | undefined
  /** Log in as this user. Default: root. */
  readonly user?: string | undefined
  /** How many nodes at once. Default 8: more fill no link better. */
  readonly fanout?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
}

/** An earlier end of a copy that the same copy goes on from. */
export class TransferInterrupted extends SCPException {
  override readonly code = 'TransferInterrupted'
}

/**
 * Copies local files and directories to nodes; see `put`. Large files go on where an earlier copy ended.
 * @returns how much it was
 * @throws SCPException, FanOutError of several nodes, TransferInterrupted when there is something to go on from
 */
export async function putToNodes(
  cluster: Cluster,
  local: string | readonly string[],
  remote: string,
  options: CopyOptions = {},
): Promise<CopyProgress> {
  const locals = paths('the path of what to copy', local)
  requireText('the path on the node', remote)
  const sources = await planPut(locals)
  const bytes = sources.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0)
  const nodes = await chosen(cluster, options)
  const what = `put ${locals.join(' ')} to ${remote}`
  const copy = (node: Node, how: TransferOptions) =>
    putSources(node.sshAs(options.user ?? 'root'), sources, remote, how)
  return copyEach(nodes, copy, what, (parts) => `on ${foldNodeNames(parts.keys())}`, options, bytes)
}

/** Copies files and directories from nodes to here; see `get`. Otherwise as `putToNodes`. */
export async function getFromNodes(
  cluster: Cluster,
  remote: string | readonly string[],
  local: string,
  options: CopyOptions = {},
): Promise<CopyProgress> {
  const remotes = paths('the path of what to copy', remote)
  requireText('the path here', local)
  const nodes = await chosen(cluster, options)
  const folder = (node: Node) => (options.nodes ? joinPath(local, node.alias) : local)
  const copy = async (node: Node, how: TransferOptions) => {
    if (options.nodes) await mkdir(folder(node), { recursive: true })
    await get(node.sshAs(options.user ?? 'root'), remotes, folder(node), how)
  }
  return copyEach(nodes, copy, `get ${remotes.join(' ')} to ${local}`, () => 'here', options)
}

function paths(what: string, given: string | readonly string[]): string[] {
  const all = [given].flat()
  for (const path of all) requireText(what, path)
  return all
}

async function chosen(cluster: Cluster, { node = 'master', nodes, signal }: CopyOptions): Promise<Node[]> {
  return selectNodes(cluster.tag, await cluster.getNodes({ signal }), nodes ?? [node])
}

/** Files of which parts are left, by node. */
type Parts = ReadonlyMap<string, ReadonlySet<string>>

/** @param bytesEach of each node, where that is known from the beginning */
async function copyEach(
  nodes: readonly Node[],
  copy: (node: Node, options: TransferOptions) => Promise<void>,
  what: string,
  where: (parts: Parts) => string,
  { fanout = 8, signal, onProgress }: CopyOptions,
  bytesEach?: number,
): Promise<CopyProgress> {
  const totals = new CopyTotals(nodes.length, bytesEach)
  const parts = new Map<string, Set<string>>()
  const one = async (node: Node) => {
    const { alias } = node
    await copy(node, {
      signal,
      resume: true,
      onPartLeft: (file) => parts.set(alias, new Set(parts.get(alias)).add(file)),
      onProgress: (progress) => {
        totals.add(alias, progress)
        onProgress?.(totals.sum)
      },
    }).catch((error: unknown) => {
      throw transferError(alias, what, error, signal)
    })
  }
  try {
    const [first] = nodes
    if (first && nodes.length === 1) await one(first)
    else await onEach(nodes, one, { fanout, signal })
  } catch (error) {
    throw parts.size === 0 ? error : interrupted(error, parts, where(parts))
  }
  return totals.sum
}

function interrupted(error: unknown, parts: Parts, where: string): TransferInterrupted {
  const files = new Set([...parts.values()].flatMap((names) => [...names].map(baseName)))
  const names = files.size > 3 ? `${files.size} files` : [...files].join(', ')
  const message = error instanceof Error ? error.message : String(error)
  const hint = (error as { hint?: string }).hint
  return new TransferInterrupted(`${message}; what was copied of ${names} is kept ${where}`, {
    cause: error,
    hint: [...(hint ? [hint] : []), 'the same command goes on from there'].join('\n'),
  })
}
