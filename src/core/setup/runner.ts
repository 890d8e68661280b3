import { isStarClusterError } from '../errors.js'
import type { Node } from '../node/node.js'
import type { SetupContext, Volumes } from './cluster-setup.js'
import type { Hook } from './hook-names.js'
import type { LoadedPlugin } from './loader.js'
import { hookCalled } from './observe-hooks.js'
import { describeThrown, PluginRunError } from './plugin-errors.js'

export interface RunPluginsOptions {
  /** In the order of the template; tear-down hooks run them from the last to the first. */
  readonly plugins: readonly LoadedPlugin[]
  readonly hook: Hook
  /** The node that was added or is to be removed; required for those two hooks. */
  readonly node?: Node
  readonly nodes: Node[]
  readonly master: Node
  readonly user: string
  readonly userShell: string
  readonly volumes: Volumes
  readonly context: SetupContext
}

const reversed: ReadonlySet<Hook> = new Set(['onRemoveNode', 'onRestart', 'onShutdown'])

/**
 * Calls one hook of each plugin, one after the other. The first failure ends the chain; nothing is rolled back.
 *
 * @throws PluginRunError naming plugin, hook, node and the line of the plugin it came from
 * @throws the reason of `context.signal` as soon as it is aborted, even when a plugin does not heed it
 */
export async function runPlugins(options: RunPluginsOptions): Promise<void> {
  const { plugins, hook, context } = options
  for (const plugin of reversed.has(hook) ? [...plugins].reverse() : plugins) {
    context.signal.throwIfAborted()
    if (typeof plugin.instance[hook] !== 'function') {
      context.log.debug(`plugin ${plugin.name} has no ${hook}`)
      continue
    }
    context.log.info(`Running plugin ${plugin.name}`)
    const ended = hookCalled({ plugin: plugin.name, hook, ...(options.node ? { node: options.node.alias } : {}) })
    try {
      await untilAborted(callHook(plugin, options), plugin, options)
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason
      throw hookError(error, plugin, options)
    } finally {
      ended()
    }
  }
}

async function callHook({ instance }: LoadedPlugin, options: RunPluginsOptions): Promise<void> {
  const { hook, node, nodes, master, user, userShell, volumes, context } = options
  if (hook === 'onAddNode' || hook === 'onRemoveNode') {
    if (!node) throw new TypeError(`${hook} needs the node it is about`)
    await instance[hook]?.(node, nodes, master, user, userShell, volumes, context)
    return
  }
  await instance[hook]?.(nodes, master, user, userShell, volumes, context)
}

/** Settles with the hook, or at once when the run is aborted; what becomes of the hook then only goes to the log. */
function untilAborted(hook: Promise<void>, plugin: LoadedPlugin, { context }: RunPluginsOptions): Promise<void> {
  const { signal, log } = context
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason)
      hook.catch((error: unknown) => log.debug(`plugin ${plugin.name} ended after the abort: ${describeThrown(error)}`))
    }
    signal.addEventListener('abort', abort, { once: true })
    hook.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}

function hookError(error: unknown, plugin: LoadedPlugin, { hook, node, context }: RunPluginsOptions): unknown {
  // A cluster without a master is no plugin's fault.
  if (isStarClusterError(error) && error.code === 'MasterDoesNotExist') return error
  if (error instanceof Error) context.log.debug(error.stack ?? error.message)
  const where = plugin.locate?.(bugIn(error) ?? error)
  const at = where ? ` at ${where}` : ''
  const about = node ? ` for ${node.alias}` : ''
  // Our own errors say all in their message; a bug in the plugin is told by its class too.
  const what = isStarClusterError(error) ? error.message : describeThrown(error)
  return new PluginRunError(`plugin ${plugin.name} failed in ${hook}${about}${at}: ${what}`, {
    plugin: plugin.name,
    hook,
    node: nodeOf(error) ?? node?.alias,
    hint: isStarClusterError(error) ? error.hint : undefined,
    cause: error,
  })
}

/** The first failure of a fan-out that no node caused: it knows the line better than the fan-out around it. */
function bugIn(error: unknown): unknown {
  const failures = (error as { failures?: unknown } | null | undefined)?.failures
  return failures instanceof Map ? [...failures.values()].find((failure) => !isStarClusterError(failure)) : undefined
}

function nodeOf(error: unknown): string | undefined {
  const node = (error as { node?: unknown } | null | undefined)?.node
  return typeof node === 'string' ? node : undefined
}
