import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { pluginFolder } from './support/plugin-folder.js'

const bundledDir = fileURLToPath(new URL('../../../src/plugins', import.meta.url))
const section = (name: string, setupClass: string, settings: Record<string, string> = {}) => ({
  name,
  setupClass,
  settings: new Map(Object.entries(settings)),
})

test('a plugin is described from its source: doc comment, hooks, settings with types, defaults and values', async () => {
  const folder = pluginFolder()
  folder.write(
    'base.ts',
    `import { ClusterSetup } from 'starcluster'
export abstract class Base extends ClusterSetup {
  /** not what is asked for */
  async on_add_node() {}
}`,
  )
  folder.write(
    'web.ts',
    `import { Base } from './base'
throw new Error('describing runs nothing')
/**
 * Serves pages.
 *
 * On every node.
 */
export class Web extends Base {
  constructor(
    /** TCP port. */
    private port = 80 + 0,
    readonly mode: 'fast' | 'slow',
    hosts?: string[],
  ) { super() }
  async run() {}
}`,
  )
  const [web] = await folder.loader.describe([section('site', 'web.Web', { MODE: 'fast' })])
  expect(web).toEqual({
    name: 'site',
    setupClass: 'web.Web',
    origin: 'config',
    file: `${folder.dir}/web.ts`,
    doc: 'Serves pages.\n\nOn every node.',
    hooks: ['run', 'onAddNode'],
    problem: undefined,
    settings: [
      { name: 'port', type: 'text', required: false, fallback: '80 + 0', doc: 'TCP port.', value: undefined },
      { name: 'mode', type: 'fast | slow', required: true, fallback: undefined, doc: undefined, value: 'fast' },
      { name: 'hosts', type: 'list', required: false, fallback: undefined, doc: undefined, value: undefined },
    ],
  })
})

test('a schema tells names, and which may be left out', async () => {
  const folder = pluginFolder()
  folder.write(
    'db.ts',
    `import { ClusterSetup } from 'starcluster'
import { z } from 'zod'
export default class Database extends ClusterSetup {
  static settings = z.object({
    /** Where data is. */
    dataDir: z.string().default('/data'),
    version: z.coerce.number(),
  })
  run() {}
}`,
  )
  const [found] = (await folder.loader.describe([])).filter(({ origin }) => origin === 'plugin path')
  expect(found).toMatchObject({
    name: 'db.Database',
    settings: [
      { name: 'data_dir', required: false, doc: 'Where data is.', type: "z.string().default('/data')" },
      { name: 'version', required: true },
    ],
  })
})

test('classes without a section are found in the path and in its folders; helpers, tests and abstract classes are none', async () => {
  const folder = pluginFolder({ bundledDir })
  folder.write(
    'one.ts',
    `import { ClusterSetup } from 'starcluster'\nexport class One extends ClusterSetup { run() {} }`,
  )
  folder.write('one.test.ts', `import { One } from './one'\nexport class Fake extends One {}`)
  folder.write('helper.ts', 'export class Helper {}')
  folder.write(
    'lab/two.js',
    `const { ClusterSetup } = require('starcluster')\nexports.Two = class extends ClusterSetup { run() {} }`,
  )
  const all = await folder.loader.describe([section('first', 'one.One'), section('broken', 'no.Such')])
  expect(all.map(({ name, origin }) => `${origin}: ${name}`)).toEqual([
    'config: first',
    'config: broken',
    'plugin path: lab.two.Two',
    'bundled: pkginstaller.PackageInstaller',
    'bundled: pypkginstaller.PyPkgInstaller',
    'bundled: tmux.TmuxControlCenter',
    'bundled: xvfb.XvfbSetup',
  ])
  expect(all[1]).toMatchObject({ problem: expect.stringMatching(/no file for setup_class = no\.Such/), settings: [] })
})

test('a file that is no TypeScript, or no longer there, spoils nothing for the others', async () => {
  const folder = pluginFolder()
  folder.write('bad.ts', 'export class {{{')
  folder.write(
    'good.ts',
    `import { ClusterSetup } from 'starcluster'\nexport class Good extends ClusterSetup { run() {} }`,
  )
  const all = await folder.loader.describe([section('bad', 'bad.Bad'), section('good', 'good.Good')])
  expect(all.map(({ name, problem }) => [name, problem !== undefined])).toEqual([
    ['bad', true],
    ['good', false],
  ])
})
