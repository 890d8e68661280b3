import { statfsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delayLines, hasNetem, lossRules } from '../../../src/localcloud/nodes/links.js'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

const A = 2
const B = 3
const netem = canRunNodes && (await hasNetem())
if (!netem) console.warn('SKIPPED: delays need a kernel with sch_netem')

test('no loss and no delay leave nothing behind', () => {
  expect(lossRules(0)).not.toContain('drop')
  expect(lossRules(12.5)).toContain('< 1250 drop')
  expect(delayLines(['v1', 'v2'], 0)).toBe('qdisc del dev v1 root\nqdisc del dev v2 root\n')
  expect(delayLines(['v3'], 20)).toBe('qdisc replace dev v3 root netem delay 20ms\n')
})

describe.skipIf(!canRunNodes)('faults of nodes on demand', () => {
  const machines = new Machines()
  const network = () => machines.engine.network!
  const fullDisk = () => machines.engine.fullDisk!

  beforeAll(async () => {
    await machines.open()
    await Promise.all([A, B].map((number) => machines.engine.boot(machines.spec(number))))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'packets between nodes are lost, those of metadata, names and the host are not',
    async () => {
      const answered = async (address: string) => {
        const said = await machines.run(A, `timeout 60 ping -f -c 400 ${address}`)
        return Number(/(\d+) received/.exec(said.stdout)?.[1])
      }
      await network().setLinks({ lossPercent: 50 })
      // One in four comes back: 400 are far from 0 and from 400 whatever happens.
      const some = await answered('10.78.5.3')
      expect(some).toBeGreaterThan(20)
      expect(some).toBeLessThan(250)
      expect(await answered('169.254.169.253')).toBe(400)
      await network().setLinks({ lossPercent: 100 })
      expect((await machines.run(A, 'ping -c 2 -w 3 10.78.5.3')).stdout).toContain('0 received')
      await network().setLinks({})
      expect(await answered('10.78.5.3')).toBe(400)
    },
    SLOW,
  )

  test(
    'losses end with the engine',
    async () => {
      await network().setLinks({ lossPercent: 100 })
      await machines.engine.close()
      machines.engine = machines.newEngine()
      await machines.engine.open()
      expect((await machines.run(A, 'ping -c 1 -w 10 10.78.5.3')).stdout).toContain('1 received')
    },
    SLOW,
  )

  test.skipIf(!netem)(
    'packets take so long each way, also to a node that boots later',
    async () => {
      await network().setLinks({ delayMs: 50 })
      await machines.engine.stop('i-3')
      await machines.engine.boot(machines.spec(B))
      const said = await machines.out(A, 'ping -c 3 10.78.5.3')
      expect(Number(/min\/avg\/max\/mdev = ([\d.]+)/.exec(said)?.[1])).toBeGreaterThanOrEqual(100)
      await network().setLinks({})
    },
    SLOW,
  )

  test.skipIf(!canRunNodes || netem)('where the kernel cannot delay, it says so and what helps', async () => {
    await expect(network().setLinks({ delayMs: 5 })).rejects.toMatchObject({
      code: 'NoDelay',
      hint: expect.stringContaining('sch_netem'),
    })
  })

  test(
    'a full disk is full for everybody in the node, costs the host nothing, and has all its room back afterwards',
    async () => {
      const room = async () => Number(await machines.out(A, 'df --output=avail -k / | tail -1'))
      const write = () => machines.run(A, 'dd if=/dev/zero of=/root/big bs=1M count=20 2>&1; sync; rm -f /root/big')
      const before = await room()
      const { bavail, bsize } = statfsSync(DISK_ROOT)
      await fullDisk().fill('i-2')
      expect(await room()).toBe(0)
      expect((await write()).stdout).toContain('No space left on device')
      expect((await machines.run(B, 'dd if=/dev/zero of=/root/big bs=1M count=20')).exitCode).toBe(0)
      const after = statfsSync(DISK_ROOT)
      expect(bavail * bsize - after.bavail * after.bsize).toBeLessThan(2 ** 30)
      await fullDisk().free('i-2')
      expect(await room()).toBeGreaterThan(before - 1024)
      expect((await write()).stdout).not.toContain('No space left')
      await fullDisk().free('i-2')
    },
    SLOW,
  )

  test(
    'a full disk does not outlive the daemon that filled it, nor keep a node from booting',
    async () => {
      await fullDisk().fill('i-2')
      await machines.engine.stop('i-2')
      await machines.engine.boot(machines.spec(A))
      await machines.until('one can log in', async () => (await machines.run(A, 'true')).exitCode === 0)
      await fullDisk().freeAll()
      expect(Number(await machines.out(A, 'df --output=avail -k / | tail -1'))).toBeGreaterThan(1024)
      await expect(fullDisk().fill('i-9')).rejects.toMatchObject({ message: expect.stringContaining('does not run') })
    },
    SLOW,
  )
})
