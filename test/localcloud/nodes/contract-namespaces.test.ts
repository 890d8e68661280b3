import { existsSync } from 'node:fs'
import { describe } from 'vitest'
import { offeredControllers } from '../../../src/localcloud/nodes/cgroups.js'
import { engineContract } from './contract/contract.js'
import { canRunNodes, isRoot, Machines } from './machines.js'

const controllers = await offeredControllers()

// As root, and as the ordinary user of test/e2e/ordinary-user.test.ts.
describe.skipIf(!canRunNodes)('contract', () => {
  engineContract(isRoot ? "root's namespaces" : "an ordinary user's namespaces", () => new Machines(), {
    memory: controllers.includes('memory'),
    disk: isRoot && existsSync('/dev/loop-control'),
  })
})
