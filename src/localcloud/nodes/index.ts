import type { NodeEngine } from './engine.js'
import { LinuxNodeEngine, type NodeEngineOptions } from './linux-engine.js'

/** Real Linux machines made of namespaces, without a container engine. Nothing happens until `open`. */
export function createNodeEngine(options: NodeEngineOptions): NodeEngine {
  return new LinuxNodeEngine(options)
}

export type { NodeEngineOptions } from './linux-engine.js'
export { claimPublicNet, type PublicNet } from './public-net.js'
