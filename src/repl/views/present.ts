import { Cluster, type ClusterListing, ClusterManager, CommandResult, foldOutputs, Node } from '../../index.js'
import { renderAws } from './aws.js'
import { renderCluster, renderClusters, renderListings, renderManager, renderNode, renderNodes } from './clusters.js'
import { renderConfig } from './config.js'
import { isConfig, isListing, isNamespace } from './kinds.js'
import { type Look, renderWords } from './table.js'

/** AWS may be asked while a value is printed; the prompt does not wait longer for it. */
const patienceMs = 3_000

/**
 * A value of the shell as people want to read it, or undefined when there is nothing better than what Node says of it.
 * Asks AWS for the state of clusters now.
 */
export async function present(value: unknown, look: Look, signal: AbortSignal): Promise<string | undefined> {
  if (value instanceof ClusterManager) return within(signal, (soon) => renderManager(value, look, soon))
  if (value instanceof Cluster) return within(signal, (soon) => renderCluster(value, look, soon))
  if (value instanceof Node) return renderNode(value, look)
  if (value instanceof CommandResult) return renderResult(value)
  if (isConfig(value)) return renderConfig(value, look)
  if (isListOf(value, (item) => item instanceof Node)) return renderNodes(value as Node[], look)
  if (isListOf(value, (item) => item instanceof Cluster)) {
    return within(signal, (soon) => renderClusters(value as Cluster[], look, soon))
  }
  if (isListOf(value, isListing)) return renderListings(value as ClusterListing[], look)
  if (isListing(value)) return renderListings([value], look)
  if (value instanceof Map && isListOf([...value.values()], (item) => item instanceof CommandResult)) {
    return foldOutputs(new Map([...value].map(([alias, result]) => [String(alias), renderResult(result)])))
  }
  if (isListOf(value, (item) => item instanceof CommandResult)) {
    return (value as CommandResult[]).map((result, at) => `[${at}] ${renderResult(result)}`).join('\n')
  }
  if (isNamespace(value)) return renderWords(Object.keys(value).sort(), look)
  return renderAws(value, look)
}

async function within(
  signal: AbortSignal,
  render: (soon: AbortSignal) => Promise<string>,
): Promise<string | undefined> {
  const late = AbortSignal.timeout(patienceMs)
  const soon = AbortSignal.any([signal, late])
  const given = new Promise<undefined>((resolve) =>
    soon.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  try {
    return await Promise.race([render(soon), given])
  } catch {
    return undefined // AWS does not answer, or refuses: the object alone is still worth printing
  }
}

function renderResult({ stdout, stderr, exitCode, signal, failed }: CommandResult): string {
  const said = [stdout, stderr].map((text) => text.trimEnd()).filter((text) => text !== '')
  if (failed) said.push(signal ? `(killed by ${signal})` : `(exit code ${exitCode})`)
  return said.length > 0 ? said.join('\n') : '(no output)'
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(is)
}
