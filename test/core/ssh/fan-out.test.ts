import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CommandResult } from '../../../src/core/ssh/command-result.js'
import { RemoteCommandFailed } from '../../../src/core/ssh/errors.js'
import { FanOutError, onEach } from '../../../src/core/ssh/fan-out.js'

const nodes = Array.from({ length: 30 }, (_, index) => ({ alias: `node${String(index + 1).padStart(3, '0')}` }))

test('answers come in the order of the nodes, at most `fanout` at once', async () => {
  let now = 0
  let most = 0
  const answers = await onEach(
    nodes,
    async (node) => {
      most = Math.max(most, ++now)
      await sleep(Math.random() * 4)
      now -= 1
      return node.alias
    },
    { fanout: 7 },
  )
  expect(answers).toEqual(nodes.map((node) => node.alias))
  expect(most).toBe(7)
})

test('a failing node does not stop the others, and none of the failures is lost', async () => {
  const done: string[] = []
  const failing = new Set(['node002', 'node003', 'node017'])
  const run = onEach(nodes, async ({ alias }) => {
    if (alias === 'node002') await sleep(20) // fails last, and is told first
    if (failing.has(alias)) throw new RemoteCommandFailed(alias, new CommandResult('make', 2, null, '', 'no rule\n', 1))
    done.push(alias)
  })
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(FanOutError)
  expect(done).toHaveLength(27)
  expect([...(error as FanOutError).failures.keys()]).toEqual([...failing])
  expect((error as FanOutError).message).toBe(
    '3 of 30 nodes failed\nnode[002-003,017]:\n  command failed (exit code 2): make\n    no rule',
  )
})

test('after an abort no further node is begun, and the reason comes out', async () => {
  const controller = new AbortController()
  const reason = new Error('Ctrl-C')
  const begun: string[] = []
  const run = onEach(
    nodes,
    async ({ alias }) => {
      begun.push(alias)
      if (begun.length === 5) controller.abort(reason)
      await Promise.resolve()
    },
    { fanout: 5, signal: controller.signal },
  )
  await expect(run).rejects.toBe(reason)
  expect(begun).toHaveLength(5)
})

test('no nodes, no work; a task may answer at once', async () => {
  expect(await onEach([], () => 1)).toEqual([])
  expect(await onEach([{ alias: 'a' }], () => 1)).toEqual([1])
})

test('the place of a node tells what is meant for it', async () => {
  const nodes = [{ alias: 'master' }, { alias: 'node001' }]
  const given = ['big', 'small']
  expect(await onEach(nodes, ({ alias }, index) => `${alias} ${given[index]}`)).toEqual(['master big', 'node001 small'])
})
