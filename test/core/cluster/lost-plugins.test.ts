import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { expectNothingLeft, expectWhole } from '../../support/simulated/whole.js'

// A cluster whose plugins this computer's config lacks, or that do not build, is no prisoner of them.

let on: Simulated
const config = (...sections: string[]) =>
  on.home.write('.starclusterrc', ['[cluster t]\ncluster_size = 2\nplugins = mine\n', ...sections].join('\n'))
const section = '[plugin mine]\nsetup_class = mine.Mine'
const code = (body: string) => on.home.write('.starcluster/plugins/mine.mjs', body)
const brand = "[Symbol.for('starcluster.ClusterSetup')] = true"
const good = `export class Mine { ${brand}; async run(nodes) { await nodes[0].ssh.execute('echo ran') } }`

beforeEach(async () => {
  on = await simulatedManager()
  await code(good)
  await config(section)
  await on.cm.startCluster('c', { template: 't' })
})
afterEach(() => on.close())

/** Lines that say which plugin is left out since the last call. */
let seen = 0
function leftOut(): string[] {
  const lines = on.log.slice(seen).filter((line) => line.includes('its hooks are left out'))
  seen = on.log.length
  return lines
}

test.each([
  [
    'is not in the config',
    async () => void (await on.home.write('.starclusterrc', '')),
    /plugin mine is not in the config/,
  ],
  [
    'does not build',
    async () => void (await code('export class Mine { async run( }')),
    /plugin mine cannot be loaded, [\s\S]*mine\.mjs/,
  ],
  [
    'has settings nobody knows',
    async () => void (await config(`${section}\nno_such = 1`)),
    /plugin mine cannot be loaded/,
  ],
])(
  'a plugin that %s',
  async (what, lose, told) => {
    seen = on.log.length
    await lose()
    expect((await on.cm.listClusters()).map(({ tag }) => tag)).toEqual(['c'])
    expect((await on.cm.sshTarget('c', 'master')).argv).toContain('ssh')
    expect(leftOut()).toEqual([])

    await on.cm.restartCluster('c')
    expect(leftOut()).toEqual([expect.stringMatching(told)])

    const missing = what.includes('config')
    await expect(on.cm.addNodes('c')).rejects.toThrow(/mine/) // it would have to set the node up
    const removing = on.cm.removeNodes('c', { aliases: ['node001'] })
    if (missing) await removing
    else {
      await expect(removing).rejects.toThrow(/mine/)
      await on.cm.removeNodes('c', { aliases: ['node001'], force: true })
    }
    expect(leftOut()).toEqual([expect.stringMatching(told)])
    await expectWhole(on, 'c', ['master'])

    await on.cm.stopCluster('c')
    expect(leftOut()).toEqual([expect.stringMatching(told)])
    const resuming = on.cm.startCluster('c', { create: false })
    if (missing) await resuming
    else await expect(resuming).rejects.toThrow(/mine/) // it would be set up without it
    await on.cm.terminateCluster('c')
    expect(leftOut()).toHaveLength(missing ? 2 : 1)
    await expectNothingLeft(on)
  },
  60_000,
)
