import { expect, test } from 'vitest'
import { BaseImageKeeper } from '../../../src/localcloud/daemon/base-image.js'

const image = { id: 'debian-12-x', name: 'debian-12', layers: ['debian-12-x'], created: '2026-01-01T00:00:00Z' }
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A store whose builds end when the test says so. */
function store(present = false) {
  const registered: string[] = []
  const builds: { say(line: string): void; done(): void; fail(error: Error): void }[] = []
  const images = {
    base: async () => (present ? image : undefined),
    ensureBase: (say: (line: string) => void) =>
      new Promise<typeof image>((resolve, fail) => builds.push({ say, done: () => resolve(image), fail })),
  }
  const keeper = new BaseImageKeeper(images, async ({ id }) => void registered.push(id), silent)
  return { keeper, builds, registered }
}

test('an image that is there is used at once', async () => {
  const { keeper, builds, registered } = store(true)
  await keeper.look()
  expect([keeper.ready, registered]).toEqual([true, [image.id]])
  await keeper.ensure(() => undefined)
  expect(builds).toHaveLength(0)
})

test('those who need it at once share one build, and a late one hears how far it is', async () => {
  const { keeper, builds, registered } = store()
  await keeper.look()
  expect(keeper.ready).toBe(false)
  const [first, second]: [string[], string[]] = [[], []]
  const one = keeper.ensure((line) => first.push(line))
  builds[0]!.say('downloading')
  const two = keeper.ensure((line) => second.push(line))
  builds[0]!.say('unpacking')
  builds[0]!.done()
  await Promise.all([one, two])
  expect([first, second]).toEqual([
    ['downloading', 'unpacking'],
    ['downloading', 'unpacking'],
  ])
  expect([builds.length, keeper.ready, registered]).toEqual([1, true, [image.id]])
})

test('a build that failed is told to all who wait, and tried again by the next', async () => {
  const { keeper, builds } = store()
  const waiting = [keeper.ensure(() => undefined), keeper.ensure(() => undefined)]
  builds[0]!.fail(new Error('no network'))
  for (const wait of waiting) await expect(wait).rejects.toThrow('no network')
  expect(keeper.ready).toBe(false)
  const again = keeper.ensure(() => undefined)
  builds[1]!.done()
  await again
  expect(keeper.ready).toBe(true)
})
