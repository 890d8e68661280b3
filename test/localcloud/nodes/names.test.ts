import dgram from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerPrivate } from '../../../src/localcloud/nodes/private-names.js'
import { canRunNodes, Machines, SLOW } from './machines.js'

const NAMES = { domain: 'local.internal', network: '10.78.0.0/16' }

describe('answers about private names, as a resolver reads them', () => {
  const socket = dgram.createSocket('udp4')
  const resolver = new Resolver({ timeout: 2000, tries: 1 })

  beforeAll(async () => {
    // What is not answered here is refused: there is nobody above.
    socket.on('message', (query, from) => {
      const own = answerPrivate(query, NAMES)
      const refused = Buffer.from(query)
      refused.writeUInt16BE(0x8185, 2)
      socket.send(own ?? refused, from.port, from.address)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    resolver.setServers([`127.0.0.1:${socket.address().port}`])
  })
  afterAll(() => socket.close())

  test('every address has its name, and the name its address, in any case of letters', async () => {
    const octet = fc.integer({ min: 0, max: 255 })
    await fc.assert(
      fc.asyncProperty(octet, octet, async (c, d) => {
        const name = `ip-10-78-${c}-${d}.local.internal`
        expect(await resolver.resolve4(name)).toEqual([`10.78.${c}.${d}`])
        expect(await resolver.resolve4(name.toUpperCase())).toEqual([`10.78.${c}.${d}`])
        expect(await resolver.reverse(`10.78.${c}.${d}`)).toEqual([name])
      }),
      { numRuns: 50 },
    )
    expect(await resolver.resolve4('instance-data.local.internal')).toEqual(['169.254.169.254'])
  })

  test('what is no name of this network: not found below the domain, passed on elsewhere', async () => {
    for (const host of ['ip-10-79-0-5', 'ip-10-78-0-256', 'ip-10-78-0-05', 'ip-10-78-0', 'node001', 'a.ip-10-78-0-5']) {
      await expect(resolver.resolve4(`${host}.local.internal`)).rejects.toMatchObject({ code: 'ENOTFOUND' })
    }
    await expect(resolver.resolve6('ip-10-78-0-5.local.internal')).rejects.toMatchObject({ code: 'ENODATA' })
    for (const name of ['ip-10-78-0-5.example.org', 'notlocal.internal']) {
      await expect(resolver.resolve4(name)).rejects.toMatchObject({ code: 'EREFUSED' })
    }
  })

  test('no message at all brings it down or gets a longer answer than a name needs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const answer = answerPrivate(Buffer.from(bytes), NAMES)
        expect(answer?.length ?? 0).toBeLessThanOrEqual(bytes.length + 64)
      }),
    )
  })
})

describe.skipIf(!canRunNodes)('names on a node', () => {
  const machines = new Machines()
  beforeAll(async () => {
    await machines.open()
    await machines.engine.boot(machines.spec(2))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'private names resolve, forward and back, over UDP and TCP, with and without a way out',
    async () => {
      for (const open of [true, false]) {
        await machines.engine.network?.setEgress(open)
        for (const how of ['', 'RES_OPTIONS=use-vc ']) {
          for (const name of ['ip-10-78-5-9', 'ip-10-78-5-9.local.internal']) {
            expect(await machines.out(2, `${how}getent hosts ${name}`)).toMatch(
              /^10\.78\.5\.9\s+ip-10-78-5-9\.local\.internal/,
            )
          }
          expect(await machines.out(2, `${how}getent hosts 10.78.77.1`)).toContain('ip-10-78-77-1.local.internal')
        }
      }
    },
    SLOW,
  )

  test(
    'without a way out other names fail at once',
    async () => {
      await machines.engine.network?.setEgress(false)
      for (const how of ['', 'RES_OPTIONS=use-vc ']) {
        const asked = await machines.run(2, `${how}timeout 4 getent hosts deb.example.org`)
        expect(asked.exitCode).toBe(2)
      }
    },
    SLOW,
  )
})
