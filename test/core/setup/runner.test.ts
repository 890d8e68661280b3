import { expect, test } from 'vitest'
import { StarClusterError } from '../../../src/core/errors.js'
import type { Node } from '../../../src/core/node/node.js'
import { ClusterSetup, type SetupContext } from '../../../src/core/setup/cluster-setup.js'
import type { Hook } from '../../../src/core/setup/hook-names.js'
import type { LoadedPlugin } from '../../../src/core/setup/loader.js'
import { type RunPluginsOptions, runPlugins } from '../../../src/core/setup/runner.js'
import { onEach } from '../../../src/core/ssh/fan-out.js'
import { pluginFolder } from './support/plugin-folder.js'
import { recordingLog } from './support/recording-log.js'

const [master, node001] = [{ alias: 'master' }, { alias: 'node001' }] as Node[]

function chain(
  plugins: LoadedPlugin[],
  hook: Hook,
  { controller = new AbortController(), node }: { controller?: AbortController; node?: Node } = {},
) {
  const { log, lines } = recordingLog()
  const context = { signal: controller.signal, log, onEach } as unknown as SetupContext
  const options: RunPluginsOptions = {
    plugins,
    hook,
    nodes: [master!, node001!],
    master: master!,
    user: 'sgeadmin',
    userShell: 'bash',
    volumes: {},
    context,
    ...(node ? { node } : {}),
  }
  return { lines, context, run: () => runPlugins(options) }
}

function plugin(name: string, hooks: Partial<Record<Hook, (...args: never[]) => unknown>>): LoadedPlugin {
  class Made extends ClusterSetup {
    override run(): void {
      // Most of these tests are about other hooks.
    }
  }
  const instance = Object.assign(new Made(), hooks) as ClusterSetup
  return { name, setupClass: `made.${name}`, instance, files: [] }
}

class RemoteTrouble extends StarClusterError {
  readonly code = 'RemoteCommandFailed'
  readonly node = 'node001'
}

test('plugins run in order, tear-down hooks in reverse, hooks left out are not called', async () => {
  const calls: string[] = []
  const hooks = (name: string) => ({
    run: async () => void calls.push(`run ${name}`),
    onShutdown: () => void calls.push(`shutdown ${name}`),
  })
  const plugins = [plugin('a', hooks('a')), plugin('b', { run: hooks('b').run }), plugin('c', hooks('c'))]
  const forward = chain(plugins, 'run')
  await forward.run()
  const backward = chain(plugins, 'onShutdown')
  await backward.run()
  expect(calls).toEqual(['run a', 'run b', 'run c', 'shutdown c', 'shutdown a'])
  expect(forward.lines).toEqual(['info: Running plugin a', 'info: Running plugin b', 'info: Running plugin c'])
  expect(backward.lines).toEqual([
    'info: Running plugin c',
    'debug: plugin b has no onShutdown',
    'info: Running plugin a',
  ])
})

test('hooks get their arguments in the original’s order, then the context', async () => {
  const seen: unknown[][] = []
  const note = (...args: unknown[]) => void seen.push(args)
  const plugins = [plugin('a', { run: note, onAddNode: note })]
  const first = chain(plugins, 'run')
  await first.run()
  const second = chain(plugins, 'onAddNode', { node: node001! })
  await second.run()
  const common = [[master, node001], master, 'sgeadmin', 'bash', {}]
  expect(seen).toEqual([
    [...common, first.context],
    [node001, ...common, second.context],
  ])
})

test('the first failure ends the chain and names plugin, hook and node', async () => {
  const calls: string[] = []
  const failure = new RemoteTrouble('node001: apt-get: exit code 100\nE: no such package', { hint: 'check the name' })
  const plugins = [
    plugin('a', { onAddNode: () => Promise.reject(failure) }),
    plugin('b', { onAddNode: () => void calls.push('b') }),
  ]
  const error = await chain(plugins, 'onAddNode', { node: node001! })
    .run()
    .catch((thrown) => thrown)
  expect(error).toMatchObject({
    code: 'PluginRunError',
    plugin: 'a',
    hook: 'onAddNode',
    node: 'node001',
    hint: 'check the name',
    cause: failure,
    message: 'plugin a failed in onAddNode for node001: node001: apt-get: exit code 100\nE: no such package',
  })
  expect(calls).toEqual([])
})

test('a missing master is no plugin’s fault', async () => {
  class NoMaster extends StarClusterError {
    readonly code = 'MasterDoesNotExist'
  }
  const failure = new NoMaster('no master')
  await expect(chain([plugin('a', { run: () => Promise.reject(failure) })], 'run').run()).rejects.toBe(failure)
})

test('a bug in a plugin is told with its file and line, also in a helper', async () => {
  const folder = pluginFolder()
  const helper = folder.write(
    'helper.ts',
    `type Gone = string\n\nexport function broken(node: any): Gone {\n  return node.nothing.here\n}`,
  )
  const file = folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
import { broken } from './helper.js'
export class P extends ClusterSetup {
  async run(nodes: any[]) {
    await Promise.resolve()
    broken(nodes[0])
  }
  async onAddNode() {
    throw 'just text'
  }
  async onRestart() {
    await Promise.resolve()
    throw new RangeError()
  }
  async onShutdown(nodes: any[], ...rest: any[]) {
    await rest.at(-1).onEach(nodes, async (node: any) => {
      await Promise.resolve()
      return node.nothing.here
    })
  }
}`,
  )
  const loaded = await folder.load('p.P')
  await expect(chain([loaded], 'run').run()).rejects.toThrow(
    `plugin myplugin failed in run at ${helper}:4: TypeError: Cannot read properties of undefined (reading 'here')`,
  )
  await expect(chain([loaded], 'onAddNode', { node: node001! }).run()).rejects.toThrow(
    'plugin myplugin failed in onAddNode for node001: just text',
  )
  await expect(chain([loaded], 'onRestart').run()).rejects.toThrow(
    `plugin myplugin failed in onRestart at ${file}:13: RangeError`,
  )
  await expect(chain([loaded], 'onShutdown').run()).rejects.toThrow(
    `plugin myplugin failed in onShutdown at ${file}:18: 2 of 2 nodes failed`,
  )
})

test('an abort settles the run at once, even when the plugin does not heed it', async () => {
  const controller = new AbortController()
  let end: ((error: Error) => void) | undefined
  const deaf = plugin('deaf', { run: () => new Promise((_, reject) => (end = reject)) })
  const { run, lines } = chain([deaf, plugin('next', {})], 'run', { controller })
  const running = run()
  await expect.poll(() => lines).toContain('info: Running plugin deaf')
  controller.abort()
  await expect(running).rejects.toBe(controller.signal.reason)
  end?.(new Error('later'))
  await expect.poll(() => lines).toContain('debug: plugin deaf ended after the abort: Error: later')
  expect(lines).not.toContain('info: Running plugin next')
})

test('what a plugin throws because of the abort is the abort', async () => {
  const controller = new AbortController()
  const heeding = plugin('heeding', {
    run: async () => {
      controller.abort(new Error('Ctrl-C'))
      throw new Error('command was stopped')
    },
  })
  await expect(chain([heeding], 'run', { controller }).run()).rejects.toThrow('Ctrl-C')
})

test('an aborted signal runs nothing', async () => {
  const controller = new AbortController()
  controller.abort()
  const { run, lines } = chain([plugin('a', {})], 'run', { controller })
  await expect(run()).rejects.toBe(controller.signal.reason)
  expect(lines).toEqual([])
})
