import type { Command } from 'commander'
import type { CliContext } from './context.js'

/** What shells and the build ask of the program; no command for people. @returns whether `word` was one */
export async function runHidden(
  word: string | undefined,
  { program, cli, globals, rest }: { program: Command; cli: CliContext; globals: string[]; rest: string[] },
): Promise<boolean> {
  if (word === '__complete') await (await import('./completion/complete.js')).answerShell(rest, cli.env)
  else if (word === '__names') {
    program.parseOptions(globals)
    await (await import('./completion/collect.js')).collectNames(cli, globals)
  } else if (word === '__describe') {
    cli.print(JSON.stringify(await (await import('./describe.js')).describeProgram()))
  } else return false
  return true
}
