import { expect, test } from 'vitest'
import { pluginFolder } from './support/plugin-folder.js'

test('setting names that collide with other names reach the constructor', async () => {
  const folder = pluginFolder()
  folder.write(
    'helper.ts',
    `export const version = 'h1', user = 'h2', process = 'h3', module = 'h4', log = 'h5', queue = 'h6'`,
  )
  folder.write(
    'collide.ts',
    `import { ClusterSetup, log as scLog } from 'starcluster'
import * as helper from './helper.js'
import { version as v, user as u, queue as q, process as p, module as m, log as l } from './helper.js'
export const seen = [v, u, q, p, m, l, helper, scLog]
export class Collide extends ClusterSetup {
  readonly got: Record<string, unknown>
  constructor(version: string, user: string, process: string, module: string, log: string, queue = 'none') {
    super()
    this.got = { version, user, process, module, log, queue, helper: [v, u, q, p, m, l] }
  }
  run() {}
}
export class Destructured extends ClusterSetup {
  got
  constructor({ version, user, process, module, log, queue: renamed = 'none' }: { version: string, user: string, process: string, module: string, log: string, queue?: string }) {
    super()
    this.got = { version, user, process, module, log, queue: renamed }
  }
  run() {}
}
export class Inherited extends Collide {}
`,
  )
  const settings = { version: '1', user: '2', process: '3', module: '4', log: '5' }
  const got = { ...settings, queue: 'none' }
  expect((await folder.fields('collide.Collide', settings)).got).toEqual({
    ...got,
    helper: ['h1', 'h2', 'h6', 'h3', 'h4', 'h5'],
  })
  expect((await folder.fields('collide.Destructured', { ...settings, queue: 'q' })).got).toEqual({ ...got, queue: 'q' })
  expect((await folder.fields('collide.Inherited', settings)).got).toMatchObject(got)
})
