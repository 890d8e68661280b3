import { Command } from 'commander'
import { expect, test } from 'vitest'
import type { CliContext } from '../../src/cli/context.js'
import { withoutEffect } from '../../src/cli/without-effect.js'
import { configureLog } from '../../src/index.js'

async function run(...words: string[]) {
  const told: string[] = []
  configureLog({ collect: (line) => told.push(line) })
  let seen: object = {}
  const command = new Command('make').argument('<size>').option('-n, --name <name>')
  withoutEffect(command, { openLog: async () => undefined } as CliContext, {
    '-k, --keypair <name>': 'no instance is needed',
    '-d, --detach': 'nothing is attached',
  }).action((_, flags) => {
    seen = flags
  })
  await command.parseAsync(words, { from: 'user' })
  return { told, seen, help: command.helpInformation() }
}

test('an option that nothing acts on is taken and told, and not seen by the command nor in its help', async () => {
  const { told, seen, help } = await run('5', '-k', 'mine', '-d', '-n', 'x')
  expect(told).toEqual([
    expect.stringContaining('--keypair has no effect: no instance is needed'),
    expect.stringContaining('--detach has no effect: nothing is attached'),
  ])
  expect(JSON.parse(JSON.stringify(seen))).toEqual({ name: 'x' })
  expect(help).not.toContain('keypair')
})

test('without them nothing is told', async () => {
  expect((await run('5')).told).toEqual([])
})
