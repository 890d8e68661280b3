import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CommandDescription, describeProgram } from '../../src/cli/describe.js'
import { commandsPage } from './commands-page.js'

// After a change of a command: npx vitest run test/cli/commands-page.test.ts --update
test('docs/commands.md says what the commands say', async () => {
  const page = commandsPage(await describeProgram())
  await expect(page).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/commands.md'))
})

test('every command has a summary, two examples of it, and words for each argument and option', async () => {
  const { commands } = await describeProgram()
  const poor = commands.flatMap((command) => [
    ...(command.summary === '' ? [`${command.name} has no summary`] : []),
    ...(command.examples.length < 2 ? [`${command.name} has ${command.examples.length} examples`] : []),
    ...(isGone(command) || command.examples.some(([line]) => words(command).test(line))
      ? []
      : [`no example of ${command.name} names it`]),
    ...undescribed(command, command.name),
  ])
  expect(poor).toEqual([])
})

/** One that only says what to use instead, and shows that. */
const isGone = ({ summary }: CommandDescription) => summary.startsWith('gone: ')

const words = ({ name, aliases }: CommandDescription) => new RegExp(`\\b(${[name, ...aliases].join('|')})\\b`)

function undescribed(command: CommandDescription, path: string): string[] {
  return [
    ...command.arguments
      .filter((one) => !one.description && !one.choices.length)
      .map(({ name }) => `${path} <${name}>`),
    ...command.options.filter((one) => one.description === '').map(({ flags }) => `${path} ${flags}`),
    ...command.subcommands.flatMap((one) => undescribed(one, `${path} ${one.name}`)),
  ]
}
