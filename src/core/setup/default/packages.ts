import type { Node } from '../../node/node.js'
import { runScript, type ScriptStep } from '../../node/scripts/run-script.js'
import { sh } from '../../ssh/quote.js'
import type { SetupContext } from '../cluster-setup.js'
import type { NodeFacts } from './survey.js'

/** Debian's packages of the programs the set-up uses. A shell's package is called like the shell. */
const packageOf: Readonly<Record<string, string>> = {
  exportfs: 'nfs-kernel-server',
  'mount.nfs': 'nfs-common',
}

/** The same for distributions with dnf or yum (Amazon Linux, Fedora): NFS client and server are in one package. */
const rpmOf: Readonly<Record<string, string>> = {
  exportfs: 'nfs-utils',
  'mount.nfs': 'nfs-utils',
  csh: 'tcsh',
}

/** Programs a node must have. */
export function requiredPrograms(node: Node, master: Node, userShell: string): string[] {
  return ['mount.nfs', ...(node === master ? ['exportfs'] : []), userShell]
}

/**
 * Refreshes package lists that are missing or older than a day, so that `apt-get install` in a plugin works at once, and
 * installs what the set-up itself needs. Only nodes that lack something are touched, in parallel.
 */
export async function ensurePackages(
  nodes: readonly Node[],
  facts: ReadonlyMap<Node, NodeFacts>,
  { onEach, log, signal }: Pick<SetupContext, 'onEach' | 'log' | 'signal'>,
): Promise<void> {
  const steps = new Map(nodes.map((node) => [node, packageSteps(facts.get(node))]))
  const lacking = nodes.filter((node) => (steps.get(node)?.length ?? 0) > 0)
  if (lacking.length === 0) return
  log.info(
    `Refreshing package lists and installing what is missing on ${lacking.length} ${lacking.length === 1 ? 'node' : 'nodes'}...`,
  )
  await onEach(lacking, async (node) => {
    const { warnings } = await runScript(node.ssh, steps.get(node) ?? [], { signal })
    for (const warning of warnings) log.warn(`${node.alias}: ${warning}`)
  })
}

/** What brings a node what it lacks, with the package tool it has. */
export function packageSteps(facts: Pick<NodeFacts, 'missing' | 'apt'> | undefined): ScriptStep[] {
  if (!facts) return []
  const packages = [...new Set(facts.missing.map((program) => packageOf[program] ?? program))]
  const refresh: ScriptStep = { name: 'package-lists', command: sh`sc_apt_update` }
  const installApt: ScriptStep = { name: 'packages', command: sh`sc_apt install -- ${packages}` }
  const names = [...new Set(facts.missing.map((program) => rpmOf[program] ?? program))]
  const installYum: ScriptStep = {
    name: 'packages',
    command: sh`$(command -v dnf || command -v yum) -q -y install -- ${names}`,
  }
  if (facts.apt === 'none') return facts.missing.length > 0 ? [installYum] : []
  return [...(facts.apt === 'stale' ? [refresh] : []), ...(packages.length > 0 ? [installApt] : [])]
}
