import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** Taken already, or refused to an ordinary user: not ours in both cases. */
const FOR_OTHERS: (string | undefined)[] = ['EADDRINUSE', 'EACCES']

describe.skipIf(!canRunNodes)('two users of one computer, whose port 22 is taken on every address', () => {
  let homes: [TempHome, TempHome]
  let port22: Server | undefined

  beforeAll(async () => {
    homes = [await tempHome(), await tempHome()] // mode 0700, as /root is
    port22 = createServer((socket) => socket.end('not the node\r\n'))
    await new Promise<void>((resolve, reject) => {
      port22?.once('error', (error: NodeJS.ErrnoException) =>
        FOR_OTHERS.includes(error.code) ? resolve() : reject(error),
      )
      port22?.listen(22, '0.0.0.0', resolve)
    })
  })

  afterAll(async () => {
    port22?.close()
    for (const home of homes) {
      await runCli(['local', 'reset', '--confirm'], { env: home.env })
      await home.remove()
    }
  })

  test('each has a cluster of the same name, and sees only the own one', async () => {
    await Promise.all(homes.map((h) => cliOk(['start', 'same', '-s', '1'], { env: h.env, timeoutMs: 240_000 })))
    for (const [i, home] of homes.entries()) {
      await cliOk(['sshmaster', 'same', `echo ${i} > /root/mine`], { env: home.env })
    }
    for (const [i, home] of homes.entries()) {
      expect((await cliOk(['sshmaster', 'same', 'cat /root/mine'], { env: home.env })).stdout).toBe(`${i}\n`)
      expect((await cliOk(['listclusters'], { env: home.env })).stdout.match(/running/g)).toHaveLength(1)
    }
    await cliOk(['terminate', '-c', 'same'], { env: homes[0].env })
    expect((await cliOk(['sshmaster', 'same', 'cat /root/mine'], { env: homes[1].env })).stdout).toBe('1\n')
  })
})
