import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CloudStore } from '../../../src/localcloud/store/store.js'

interface State {
  count: number
  words: string[]
}
const empty = (): State => ({ count: 0, words: [] })

let dir: string
let path: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sc-store-'))
  path = join(dir, 'state.json')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function storeWith(...counts: number[]): Promise<CloudStore<State>> {
  const store = await CloudStore.open(path, empty)
  for (const count of counts) {
    store.state.count = count
    await store.commit()
  }
  return store
}

test('a commit is on disk when it resolves, and the one before it is kept', async () => {
  await storeWith(1, 2)
  expect((await CloudStore.open(path, empty)).state.count).toBe(2)
  expect(await CloudStore.readPrevious<State>(path)).toMatchObject({ count: 1 })
})

test('commits that come while one is written share the next write and all see their change saved', async () => {
  const store = await storeWith(1)
  const saved: number[] = []
  const commits = Array.from({ length: 50 }, async (_, i) => {
    store.state.words.push(`w${i}`)
    await store.commit()
    const reopened = await CloudStore.open(path, empty)
    if (reopened.state.words.includes(`w${i}`)) saved.push(i)
  })
  await Promise.all(commits)
  expect(saved).toHaveLength(50)
})

test('members that an older program did not write come from the empty state', async () => {
  const store = await CloudStore.open<{ count: number }>(path, () => ({ count: 7 }))
  await store.commit()
  expect((await CloudStore.open(path, empty)).state).toEqual({ count: 7, words: [] })
})

test('a state file cut short gives way to the one before, is kept, and said', async () => {
  await storeWith(1, 2)
  await truncate(path, 40)
  const store = await CloudStore.open(path, empty)
  expect(store.state.count).toBe(1)
  expect(store.notice).toMatch(/was damaged: it is cut short .*state\.json\.1, is used/)
  expect((await readdir(dir)).some((name) => name.startsWith('state.json.damaged-'))).toBe(true)
  store.state.count = 3
  await store.commit()
  expect((await CloudStore.open(path, empty)).notice).toBeUndefined()
})

test('after a damaged state every later crash still finds a good one', async () => {
  await storeWith(1, 2)
  await truncate(path, 0)
  await CloudStore.open(path, empty) // dies before its first commit
  const store = await CloudStore.open(path, empty)
  expect([store.state.count, store.notice]).toEqual([1, undefined])
})

test('two damaged files: refuses, says what to do, deletes nothing', async () => {
  await storeWith(1, 2)
  await writeFile(path, 'nonsense')
  await truncate(`${path}.1`, 30)
  const opened = CloudStore.open(path, empty)
  await expect(opened).rejects.toMatchObject({ code: 'StateDamaged', hint: expect.stringMatching(/reset/) })
  await expect(opened).rejects.toThrow(/is not a state file; the one before it, .*: it is cut short/)
  expect(await readFile(path, 'utf8')).toBe('nonsense')
  expect(await readdir(dir)).toEqual(['state.json', 'state.json.1'])
})

test('a failed save says why, and the next commit saves it all', async () => {
  const store = await storeWith(1)
  await rm(dir, { recursive: true })
  store.state.count = 2
  await expect(store.commit()).rejects.toMatchObject({ code: 'StateNotSaved' })
  expect(store.failing).toMatchObject({ code: 'StateNotSaved' })
  const { mkdir } = await import('node:fs/promises')
  await mkdir(dir)
  await store.commit()
  expect(store.failing).toBeUndefined()
  expect((await CloudStore.open(path, empty)).state.count).toBe(2)
})
