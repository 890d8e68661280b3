import { afterAll, beforeAll, expect, test } from 'vitest'
import { inProcessManager } from '../../support/in-process-manager.js'

let made: Awaited<ReturnType<typeof inProcessManager>>
beforeAll(async () => {
  made = await inProcessManager()
})
afterAll(() => made?.close())

/** As a line of the shell or plain JavaScript calls it. */
const call = (method: string, ...args: unknown[]): Promise<unknown> =>
  (made.cm as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(...args)

test.each([
  ['runPlugin', 'the name of a plugin is missing'],
  ['instanceTarget', 'the id, name or address of an instance is missing'],
  ...[
    ...['getCluster', 'getClusterOrNone', 'clusterExists', 'getView', 'startCluster', 'stopCluster', 'restartCluster'],
    ...['terminateCluster', 'addNode', 'addNodes', 'removeNode', 'removeNodes', 'sshToMaster', 'exec', 'put', 'get'],
  ].map((method) => [method, 'the name of a cluster is missing']),
])('cm.%s() says that %s', async (method, message) => {
  await expect(call(method)).rejects.toMatchObject({ code: 'MissingArgument', message })
})

test('what is no text is not taken for a name', async () => {
  await expect(call('getCluster', { tag: 'x' })).rejects.toMatchObject({
    code: 'MissingArgument',
    message: "the name of a cluster must be a text, not { tag: 'x' }",
  })
})

test('a node without a name is none, least of all the master', async () => {
  await made.cm.startCluster('one', { createOnly: true })
  const missing = { code: 'MissingArgument', message: 'the name of a node is missing' }
  await expect(call('removeNode', 'one')).rejects.toMatchObject(missing)
  await expect(call('sshToNode', 'one')).rejects.toMatchObject(missing)
  await expect((await made.cm.getCluster('one')).getNode(undefined as never)).rejects.toMatchObject(missing)
})
