import { renameSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createStarCluster } from '../src/starcluster.js'
import { recordingLog } from './support/recording-log.js'
import { tempHome } from './support/temp-home.js'

test('the config on disk counts: edits, saves by rename and new files are said once, a forced look only when it changed', async () => {
  const home = await tempHome()
  onTestFinished(() => home.remove())
  const { log, lines } = recordingLog()
  const sc = await createStarCluster({ env: home.env, log })
  onTestFinished(() => sc.close())
  const names = () => [...sc.config().plugins.keys()]
  expect(names()).toEqual([])
  sc.config({ force: true })
  expect(lines).toEqual([])

  const file = await home.write('.starclusterrc', '[plugin one]\nsetup_class = a.B\n')
  expect(names()).toEqual(['one'])
  expect(lines.splice(0)).toEqual([`info: Reloaded config ${file}`])

  renameSync(await home.write('.starclusterrc.swp', '[plugin two]\nsetup_class = a.B\n'), file)
  expect([...sc.config({ force: true }).plugins.keys()]).toEqual(['two'])
  expect(names()).toEqual(['two'])
  expect(lines.splice(0)).toEqual([`info: Reloaded config ${file}`])
  sc.config({ force: true })
  expect(lines).toEqual([])
})
