import { expect, test } from 'vitest'
import { BaseImageKeeper } from '../../../src/localcloud/daemon/base-image.js'
import { LocalCloudError } from '../../../src/localcloud/local-error.js'

const image = { id: 'debian-12-x', name: 'debian-12', layers: ['debian-12-x'], created: '2026-01-01T00:00:00Z' }
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A store whose builds end when the test says so. */
function store(present = false) {
  const registered: string[] = []
  let [deleted, others] = [false, false]
  const builds: { say(line: string): void; done(): void; fail(error: Error): void }[] = []
  const images = {
    base: async () => (present ? image : undefined),
    list: async () => [image],
    isComplete: async () => !deleted,
    rebuildBase: async () => ({ ...image, id: 'debian-12-x.2' }),
    refreshLists: async () => undefined,
    ensureBase: (say: (line: string) => void) =>
      new Promise<typeof image>((resolve, fail) => builds.push({ say, done: () => resolve(image), fail })),
  }
  const registry = { register: async ({ id }: { id: string }) => void registered.push(id), hasOthers: () => others }
  const keeper = new BaseImageKeeper(images, registry, silent)
  const say = { deleted: (is: boolean) => (deleted = is), others: (are: boolean) => (others = are) }
  return { keeper, builds, registered, say }
}

test('an image that is there is used at once', async () => {
  const { keeper, builds, registered } = store(true)
  await keeper.look()
  expect([await keeper.isReady(), registered]).toEqual([true, [image.id]])
  await keeper.ensure(() => undefined)
  expect(builds).toHaveLength(0)
})

test('those who need it at once share one build, and a late one hears how far it is', async () => {
  const { keeper, builds, registered } = store()
  await keeper.look()
  expect(await keeper.isReady()).toBe(false)
  const [first, second]: [string[], string[]] = [[], []]
  const one = keeper.ensure((line) => first.push(line))
  await expect.poll(() => builds.length).toBe(1)
  builds[0]!.say('downloading')
  const two = keeper.ensure((line) => second.push(line))
  await expect.poll(() => second.length).toBe(1)
  builds[0]!.say('unpacking')
  builds[0]!.done()
  await Promise.all([one, two])
  expect([first, second]).toEqual([
    ['downloading', 'unpacking'],
    ['downloading', 'unpacking'],
  ])
  expect([builds.length, await keeper.isReady(), registered]).toEqual([1, true, [image.id]])
})

test('a build that failed is told to all who wait, and tried again by the next', async () => {
  const { keeper, builds } = store()
  const waiting = [keeper.ensure(() => undefined), keeper.ensure(() => undefined)]
  for (const wait of waiting) wait.catch(() => undefined)
  await expect.poll(() => builds.length).toBe(1)
  builds[0]!.fail(new Error('no network'))
  for (const wait of waiting) await expect(wait).rejects.toThrow('no network')
  expect(await keeper.isReady()).toBe(false)
  const again = keeper.ensure(() => undefined)
  await expect.poll(() => builds.length).toBe(2)
  builds[1]!.done()
  await again
  expect(await keeper.isReady()).toBe(true)
})

test('one that was deleted by hand is built again by the next who needs it', async () => {
  const { keeper, builds, say } = store(true)
  await keeper.look()
  say.deleted(true)
  expect(await keeper.isReady()).toBe(false)
  const again = keeper.ensure(() => undefined)
  await expect.poll(() => builds.length).toBe(1)
  say.deleted(false)
  builds[0]!.done()
  await again
  expect(await keeper.isReady()).toBe(true)
})

test('where none can be built other images do as well, and without any it is an error', async () => {
  const { keeper, builds, say } = store()
  const unable = new LocalCloudError('NoPackageSources', 'no package source')
  const said: string[] = []
  const alone = keeper.ensure(() => undefined)
  await expect.poll(() => builds.length).toBe(1)
  builds[0]!.fail(unable)
  await expect(alone).rejects.toBe(unable)
  say.others(true)
  const withOthers = keeper.ensure((line) => said.push(line))
  await expect.poll(() => builds.length).toBe(2)
  builds[1]!.fail(unable)
  await withOthers
  expect(said.join()).toMatch(/no package source.*-n IMAGE/)
})

test('a rebuild waits for the build under way, then makes its own', async () => {
  const { keeper, builds, registered } = store()
  const first = keeper.ensure(() => undefined)
  await expect.poll(() => builds.length).toBe(1)
  const anew = keeper.rebuild(() => undefined)
  builds[0]!.done()
  await Promise.all([first, anew])
  expect(registered).toEqual([image.id, 'debian-12-x.2'])
})
