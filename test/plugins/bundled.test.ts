import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import * as api from '../../src/api.js'
import { PluginLoader } from '../../src/core/setup/loader.js'
import { type RunPluginsOptions, runPlugins } from '../../src/core/setup/runner.js'
import { recordingLog } from '../core/setup/support/recording-log.js'
import { localNode } from './local-node.js'

/** A bundled plugin as the config asks for it, and a way to call its hooks; log lines as `level: text`. */
async function bundled(setupClass: string, settings: Record<string, string> = {}) {
  const { log, lines } = recordingLog()
  const loader = new PluginLoader({
    pluginPath: () => [],
    bundledDir: fileURLToPath(new URL('../../src/plugins', import.meta.url)),
    publicApi: { ...api, log },
    log,
  })
  onTestFinished(() => loader.dispose())
  const plugin = await loader.load({ name: 'x', setupClass, settings: new Map(Object.entries(settings)) })
  const context = {
    signal: new AbortController().signal,
    log,
    onEach: (nodes: readonly api.Node[], task: (node: api.Node) => Promise<unknown>) => api.onEach(nodes, task),
  } as unknown as api.SetupContext
  const run = (hook: RunPluginsOptions['hook'], nodes: api.Node[], node?: api.Node) =>
    runPlugins({
      plugins: [plugin],
      hook,
      nodes,
      master: nodes[0]!,
      user: 'ann',
      userShell: 'bash',
      volumes: {},
      context,
      ...(node ? { node } : {}),
    })
  return { run, lines }
}

test.each(['pkginstaller.PackageInstaller', 'starcluster.plugins.pkginstaller.PackageInstaller'])(
  '%s installs on all nodes and says what is there now',
  async (setupClass) => {
    const [one, two] = [localNode('master'), localNode('node001')]
    const { run, lines } = await bundled(setupClass, { packages: 'bash=5.*, coreutils, no-such-package' })
    await run('run', [one.node, two.node])
    for (const { asked } of [one, two]) expect(asked[0]).toBe('apt bash=5.* coreutils no-such-package')
    expect(lines).toEqual([
      'info: Running plugin x',
      'info: Installing bash=5.*, coreutils, no-such-package on 2 nodes',
      expect.stringMatching(/^info: Installed on 2 nodes: bash \d\S+, coreutils \d\S+, no-such-package$/),
    ])
    await run('onAddNode', [one.node, two.node], two.node)
    expect(lines.at(-1)).toMatch(/^info: Installed on node001: bash /)
  },
)

test('PackageInstaller without packages does nothing', async () => {
  const { node, asked } = localNode('master')
  const { run, lines } = await bundled('pkginstaller.PackageInstaller')
  await run('run', [node])
  expect(asked).toEqual([])
  expect(lines.at(-1)).toBe('info: No packages specified')
})

test('PyPkgInstaller runs one command for each package, quoted', async () => {
  const { node, asked } = localNode('master')
  const settings = { packages: 'psutil>=5, $(reboot)', install_command: 'echo %s >/dev/null' }
  const { run, lines } = await bundled('pypkginstaller.PyPkgInstaller', settings)
  await run('run', [node])
  expect(asked).toEqual([`echo 'psutil>=5' >/dev/null`, `echo '$(reboot)' >/dev/null`])
  expect(lines).toContain(`info: $ echo 'psutil>=5' >/dev/null`)
})

test('PyPkgInstaller without %s in its command is refused when it is loaded', async () => {
  await expect(bundled('pypkginstaller.PyPkgInstaller', { install_command: 'pip install' })).rejects.toThrow(
    'install_command must have %s where the package goes',
  )
})

test('XvfbSetup asks for xvfb and starts it with text a shell accepts', async () => {
  const { node, asked } = localNode('master', { PATH: '/nonexistent' })
  const { run } = await bundled('xvfb.XvfbSetup')
  // The stand-in cannot write to /etc: only what would be run is looked at.
  await run('run', [
    { ...node, ssh: { execute: async (command: api.ShellCommand) => void asked.push(command.text) } } as never,
  ])
  expect(asked[0]).toBe('apt xvfb')
  execFileSync('/bin/sh', ['-n', '-c', asked[1] ?? ''])
  expect(asked[1]).toContain(`'export DISPLAY=":1"' > /etc/profile.d/scxvfb.sh`)
})

test('TmuxControlCenter makes a window for each node, again without doubling, adds and removes one', async (context) => {
  const socketDir = mkdtempSync(join(tmpdir(), 'sc-tmux-'))
  const env = { ...process.env, TMUX_TMPDIR: socketDir, PATH: `${socketDir}:${process.env.PATH}`, TMUX: undefined }
  onTestFinished(() => rmSync(socketDir, { recursive: true, force: true }))
  try {
    execFileSync('tmux', ['-V'])
  } catch {
    return context.skip('tmux is not installed')
  }
  onTestFinished(() => void spawnSync('tmux', ['kill-server'], { env }))
  // No ssh leaves this machine.
  writeFileSync(join(socketDir, 'ssh'), '#!/bin/sh\nexec cat\n', { mode: 0o755 })
  const nodes = Array.from({ length: 10 }, (_, index) => localNode(index === 0 ? 'master' : `node00${index}`, env))
  const all = nodes.map(({ node }) => node)
  const windows = () =>
    execFileSync('tmux', ['list-windows', '-t', '=sc', '-F', '#W #{window_panes}'], { env, encoding: 'utf8' })
  const { run } = await bundled('tmux.TmuxControlCenter', { envname: 'sc' })
  await run('run', all.slice(0, 9))
  const expected = ['master 1', 'all0 8', 'all1 1', ...Array.from({ length: 8 }, (_, index) => `node00${index + 1} 1`)]
  expect(windows().trim().split('\n')).toEqual(expected)
  await run('run', all.slice(0, 9))
  await run('onAddNode', all, all[9])
  expect(windows().trim().split('\n')).toEqual([...expected, 'node009 1'])
  await run('onRemoveNode', all, all[9])
  expect(windows().trim().split('\n')).toEqual(expected)
})
