import { compared, comparedBytes } from '../changes/script.js'
import type { Node } from '../node/node.js'
import { onEach } from '../ssh/fan-out.js'
import { foldOutputs } from '../ssh/fold.js'
import { sh } from '../ssh/quote.js'

/**
 * Text files that name a removed node although they were written since `sinceMs` (of the epoch), so after it was added:
 * entries somebody forgot to take out.
 * @returns for people, nodes with equal files once; undefined when there are none
 */
export async function staleEntries(
  nodes: readonly Node[],
  removed: string,
  sinceMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const since = `@${Math.floor(sinceMs / 1000)}`
  const command = sh`find ${compared} -xdev -type f -newermt ${since} -size -${comparedBytes}c -not -name '*.log' -exec grep -lIwF -e ${removed} {} + 2>/dev/null | sort`
  const found = new Map<string, string>()
  await onEach(
    nodes,
    async (node) => {
      const { stdout } = await node.ssh.execute(command, { ignoreExitStatus: true, sourceProfile: false })
      if (stdout.trim() !== '') found.set(node.alias, stdout.trim())
    },
    { signal },
  )
  return found.size === 0 ? undefined : foldOutputs(found)
}
