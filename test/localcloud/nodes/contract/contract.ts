import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Machines, SLOW } from '../machines.js'
import type { Abilities } from './abilities.js'
import { disksContract } from './disks.js'
import { isolationContract } from './isolation.js'
import { lifeContract } from './life.js'
import { sharingContract } from './sharing.js'

/**
 * What every back end of `NodeEngine` holds, tried over the interface and by ssh alone.
 * @param makeMachines an engine of that back end with a home of its own, not open yet; called once
 */
export function engineContract(
  backEnd: string,
  makeMachines: () => Machines | Promise<Machines>,
  abilities: Abilities,
): void {
  describe(`nodes made of ${backEnd}`, () => {
    let made: Machines | undefined
    const machines = () => made!

    beforeAll(async () => {
      made = await makeMachines()
      await made.open()
    }, SLOW)
    afterAll(() => made?.dispose(), SLOW)

    describe('live', () => lifeContract(machines))
    describe('share', () => sharingContract(machines))
    describe('have disks', () => disksContract(machines))
    describe('cannot touch or see the host or other nodes', () => isolationContract(machines, abilities))

    test(
      'reset leaves nothing',
      async () => {
        const layers = await machines().engine.disks.layers()
        expect((await machines().engine.list()).size).toBeGreaterThan(0)
        await machines().engine.reset()
        expect([...(await machines().engine.list())]).toEqual([])
        const left = await machines().engine.disks.layers()
        expect(left.filter((layer) => layers.includes(layer))).toEqual([])
        expect((await machines().run(2, 'true')).exitCode).toBe(255)
      },
      SLOW,
    )
  })
}
