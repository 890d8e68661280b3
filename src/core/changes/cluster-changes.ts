import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import type { Node } from '../node/node.js'
import { onEach } from '../ssh/fan-out.js'
import { foldNodeNames } from '../ssh/fold.js'
import { isUnchanged, type NodeChanges, parseChanges, subjects } from './node-changes.js'
import { compareCommand, rememberCommand } from './script.js'

/** What is different on the nodes of a cluster, by alias. */
export class ClusterChanges {
  constructor(readonly nodes: ReadonlyMap<string, NodeChanges>) {}

  /** Nothing is different but logs and caches. */
  get none(): boolean {
    return [...this.nodes.values()].every(isUnchanged)
  }

  /** For people: nodes with equal changes once. */
  toString(): string {
    const groups = new Map<string, string[]>()
    for (const [alias, changes] of this.nodes) {
      const text = render(changes)
      groups.set(text, [...(groups.get(text) ?? []), alias])
    }
    return Array.from(groups, ([text, aliases]) => `${foldNodeNames(aliases)}\n${text}`).join('\n')
  }

  /** For programs: what is different, by the name of the node. */
  toJSON(): Record<string, NodeChanges> {
    return Object.fromEntries(this.nodes)
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/** Remembers what nodes are like, and tells later what has become different. Works in every region. */
export class ChangeWatch {
  private readonly id = randomBytes(6).toString('hex')

  private constructor(private readonly nodes: readonly Node[]) {}

  static async begin(nodes: readonly Node[], signal?: AbortSignal): Promise<ChangeWatch> {
    const watch = new ChangeWatch(nodes)
    await onEach(nodes, (node) => watch.run(node, rememberCommand(watch.id).text, signal), { signal })
    return watch
  }

  /**
   * What is different since `begin`, or since the last `compare` with `keep`.
   * @param keep compare again later, with what is now
   */
  async compare({
    keep = false,
    signal,
  }: {
    keep?: boolean
    signal?: AbortSignal | undefined
  } = {}): Promise<ClusterChanges> {
    const command = compareCommand(this.id, { keep }).text
    const outputs = await onEach(this.nodes, (node) => this.run(node, command, signal), { signal })
    return new ClusterChanges(new Map(outputs.map((output, at) => [this.nodes[at]!.alias, parseChanges(output)])))
  }

  private async run(node: Node, script: string, signal: AbortSignal | undefined): Promise<string> {
    const result = await node.ssh.execute('/bin/sh -s', {
      stdin: `${script}\n`,
      sourceProfile: false,
      logOutput: false,
      label: 'look for changes',
      ...(signal ? { signal } : {}),
    })
    return result.stdout
  }
}

const marks = { added: '+', removed: '-', changed: '~' } as const
/** More files than this are counted, not listed. */
const listed = 60

function render(changes: NodeChanges): string {
  if (isUnchanged(changes)) return `  nothing changed${more(changes)}`
  const lines: string[] = []
  for (const subject of subjects) {
    const all = changes[subject]
    const shown = all.slice(0, listed)
    for (const [at, { kind, name, detail }] of shown.entries()) {
      const title = (at === 0 ? subject : '').padEnd(9)
      lines.push(`  ${title} ${marks[kind]} ${name}${detail === '' ? '' : `  (${detail})`}`)
    }
    if (all.length > listed) lines.push(`  ${''.padEnd(9)}   and ${all.length - listed} more ${subject}`)
  }
  return lines.join('\n') + more(changes)
}

function more({ packageFiles, housekeepingFiles }: NodeChanges): string {
  const parts = []
  if (packageFiles > 0) parts.push(`${packageFiles} files of these packages`)
  if (housekeepingFiles > 0) parts.push(`${housekeepingFiles} logs and caches`)
  return parts.length === 0 ? '' : `\n  not listed: ${parts.join(', ')}`
}
