import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import type { CliContext } from '../../src/cli/context.js'
import { describeProgram } from '../../src/cli/describe.js'
import { loginOptionsWithValue } from '../../src/cli/login-options.js'
import { createProgram } from '../../src/cli/program.js'
import { commands, findCommand } from '../../src/cli/registry.js'
import { separateRemoteCommand, splitAtCommand } from '../../src/cli/words.js'

const described = await describeProgram()
const lines = described.commands.flatMap(({ name, examples }) => examples.map(([line]) => [name, line] as const))

/** The program as it is, except that nothing is done. */
async function parse(argv: readonly string[]): Promise<void> {
  const program = createProgram().exitOverride()
  for (const command of program.commands) {
    const entry = commands.find(({ name }) => name === command.name())
    ;(await entry?.load())?.define(command, {} as CliContext)
    withoutAct(command)
  }
  program.configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  const { globals, word = '', rest } = splitAtCommand(argv)
  const after = findCommand(word)?.remoteCommandAfter
  const own = after === undefined ? rest : separateRemoteCommand(rest, after, loginOptionsWithValue)
  await program.parseAsync([...globals, word, ...own], { from: 'user' })
}

function withoutAct(command: Command): void {
  if (command.commands.length === 0) command.action(() => undefined)
  for (const below of command.commands) withoutAct(below)
}

/** The words of a command line as a shell gives them to the program, up to a pipe or a redirection. */
function wordsOf(line: string): string[] {
  const own = /\$\((starcluster [^)]*)\)/.exec(line)?.[1] ?? line
  const words = [...own.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word)
  const end = words.findIndex((word) => ['|', '>', '<', '&&', ';'].includes(word))
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'))
}

describe('examples in help are command lines that the program takes', () => {
  test.each(lines.filter(([, line]) => line.includes('starcluster ')))('%s: %s', async (_, line) => {
    const [program, ...argv] = wordsOf(line)
    if (program !== 'starcluster') return // another program that is told about
    await expect(parse(argv)).resolves.toBeUndefined()
  })
})

test('a line that it does not take is found out', async () => {
  await expect(parse(['start', '--cluster-sise', '3', 'x'])).rejects.toThrow(/--cluster-size/)
  await expect(parse(['sshnode', 'x'])).rejects.toThrow(/missing required argument/)
})
