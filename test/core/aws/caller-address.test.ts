import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { callerCidr } from '../../../src/core/aws/caller-address.js'

async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the own address is a range of one', async () => {
  expect(await callerCidr(undefined, await answering(200, '198.51.100.7\n'))).toBe('198.51.100.7/32')
})

test.each([
  [200, '<html>log in to the hotel</html>'],
  [503, '198.51.100.7'],
])('an answer of %s %j is no address: the error says what to set', async (status, body) => {
  await expect(callerCidr(undefined, await answering(status, body))).rejects.toMatchObject({
    code: 'OwnAddressUnknown',
    hint: expect.stringContaining('ssh_cidr'),
  })
})

test('nobody answers', async () => {
  await expect(callerCidr(undefined, 'http://127.0.0.1:1')).rejects.toMatchObject({ code: 'OwnAddressUnknown' })
})
