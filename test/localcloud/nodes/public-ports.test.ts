import { once } from 'node:events'
import net from 'node:net'
import { expect, test } from 'vitest'
import { listeningPorts, publicPortOf } from '../../../src/localcloud/nodes/public-ports.js'

test('no two ports are reached at the same one, and none needs rights', () => {
  const taken = new Set<number>()
  for (let port = 1; port < 65_536; port++) {
    const at = publicPortOf(port)
    if (at === undefined) continue
    expect(taken.has(at)).toBe(false)
    expect(at).toBeGreaterThanOrEqual(1024)
    taken.add(at)
  }
  expect([22, 80, 1024, 8080, 22_022, 23_024].map(publicPortOf)).toEqual([
    22_022,
    22_080,
    1024,
    8080,
    undefined,
    23_024,
  ])
})

test.skipIf(process.platform !== 'linux')('ports that only their own machine can reach are not told', async () => {
  const listen = async (host: string) => {
    const server = net.createServer()
    server.listen(0, host)
    await once(server, 'listening')
    return { server, port: (server.address() as net.AddressInfo).port }
  }
  const servers = await Promise.all(['0.0.0.0', '127.0.0.1'].map(listen))
  const found = await listeningPorts(process.pid)
  for (const { server } of servers) server.close()
  expect(servers.map(({ port }) => found.includes(port))).toEqual([true, false])
  expect(await listeningPorts(2 ** 30)).toEqual([])
})
