import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, isRoot, Machines, SLOW } from './machines.js'

/** What else root of a node cannot do is in contract/isolation.ts. */
describe.skipIf(!canRunNodes)('a node as the host sees it', () => {
  const machines = new Machines()

  beforeAll(async () => {
    await machines.open()
    await machines.engine.boot(machines.spec(2))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test("its ids are not ids of root's host; an ordinary user's node is his", async () => {
    const pid = await machines.hostPid('i-2')
    const map = readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)
    const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    expect(uid).toBe(isRoot ? 1879048192 : process.getuid?.())
    expect(map.slice(0, 3)).toEqual(isRoot ? ['0', '1879048192', '65536'] : ['0', String(uid), '1'])
  })
})
