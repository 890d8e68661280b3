import type { Node } from '../../node/node.js'
import { runScript, type ScriptStep } from '../../node/scripts/run-script.js'
import type { SetupContext } from '../cluster-setup.js'

/** 0: at once on all nodes. 1: when every node has done its part of 0 (a mount needs the server's export). */
export type Stage = 0 | 1

/** What the set-up of several nodes comes to: one script a node and stage, whichever steps added to it. */
export class NodeScripts {
  private readonly stages: Map<Node, ScriptStep[]>[] = [new Map(), new Map()]

  /** Adds a step to the script of a node. */
  add(node: Node, step: ScriptStep, stage: Stage = 0): void {
    const scripts = this.stages[stage]!
    scripts.set(node, [...(scripts.get(node) ?? []), step])
  }

  /** Runs the scripts, all nodes of a stage in parallel, and forgets them. @returns what they changed, by alias */
  async run({
    onEach,
    log,
    signal,
  }: Pick<SetupContext, 'onEach' | 'log' | 'signal'>): Promise<Map<string, readonly string[]>> {
    const changed = new Map<string, readonly string[]>()
    for (const scripts of this.stages) {
      const nodes = [...scripts.keys()]
      await onEach(nodes, async (node) => {
        const result = await runScript(node.ssh, scripts.get(node) ?? [], { signal })
        for (const warning of result.warnings) log.warn(`${node.alias}: ${warning}`)
        if (result.changed.length > 0) log.debug(`${node.alias} changed: ${result.changed.join(', ')}`)
        changed.set(node.alias, [...(changed.get(node.alias) ?? []), ...result.changed])
      })
      scripts.clear()
    }
    return changed
  }
}
