import { EC2 } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { reconcile } from '../../../src/localcloud/ec2/index.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'
import { idOf, testCloud } from './support.js'

test('nodes that an older state does not know are stopped and kept, also by later starts', async () => {
  const first = testCloud()
  const [known] = await first.launch()
  const older = structuredClone(first.cloud.state)
  const [unknown] = await first.launch()
  older.ec2.older = true
  const { engine } = first
  const second = createInProcessCloud({ engine, state: older })
  expect((await reconcile(second.cloud)).nodes).toEqual([idOf(unknown)])
  expect(engine.nodes.get(idOf(known))?.state).toBe('running')
  expect(engine.nodes.get(idOf(unknown))?.state).toBe('stopped')
  expect(second.cloud.state.ec2.older).toBeUndefined()

  const state = JSON.parse(JSON.stringify(second.cloud.state))
  const third = createInProcessCloud({ engine, state })
  expect((await reconcile(third.cloud)).nodes).toEqual([idOf(unknown)])
  expect([...engine.nodes.keys()].sort()).toEqual([idOf(known), idOf(unknown)].sort())
  await new EC2(third.clientConfig).describeInstances({ InstanceIds: [idOf(known)] })
})

test('a stray of a good state, and one that was terminated, is removed as before', async () => {
  const first = testCloud()
  const [done, stray] = await first.launch(2)
  const state = structuredClone(first.cloud.state)
  delete state.ec2.instances[idOf(stray)]
  state.ec2.instances[idOf(done)]!.state = 'terminated'
  const { engine } = first
  expect((await reconcile(createInProcessCloud({ engine, state }).cloud)).nodes).toEqual([])
  expect(engine.nodes.size).toBe(0)
})
