import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../package-root.js'
import type { ProgramDescription } from '../describe.js'
import { splitAtCommand } from '../words.js'
import { type Completion, complete } from './candidates.js'
import { areFresh, lookForNames, namesFile, readNames } from './names.js'

/** How long somebody who pressed Tab waits for names that nobody has asked for before. */
const patienceMs = 100

/**
 * Answers a shell that completes: a line for each candidate, its meaning behind a tab, then `:files` where files may be
 * meant too. Says nothing when anything goes wrong: a message in the middle of somebody's command line helps nobody.
 *
 * @param args `--` and the words behind the program's name, the last one begun
 */
export async function answerShell(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const words = joinEquals(args[0] === '--' ? args.slice(1) : args)
    const { globals } = splitAtCommand(words.slice(0, -1))
    const file = namesFile(env, globals)
    const known = await knownNames(file, globals)
    process.stdout.write(render(complete(await program(), known, words)))
  } catch {
    // See above.
  }
}

async function knownNames(file: string, globals: readonly string[]) {
  if (areFresh(file)) return readNames(file)
  const before = stamp(file)
  lookForNames(file, globals)
  const end = performance.now() + patienceMs
  while (before === undefined && stamp(file) === undefined && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 10))
  return readNames(file)
}

const stamp = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs

/** As the build wrote it down; run from source, from the definitions. */
async function program(): Promise<ProgramDescription> {
  try {
    return JSON.parse(readFileSync(join(packageRoot(), 'dist', 'cli', 'commands.json'), 'utf8')) as ProgramDescription
  } catch {
    return (await import('../describe.js')).describeProgram()
  }
}

/** Bash gives `--region=local` as three words. */
function joinEquals(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const word of words) {
    const before = joined.at(-1) ?? ''
    if (word === '=' && before.startsWith('--')) joined[joined.length - 1] = `${before}=`
    else if (/^--[\w-]+=$/.test(before)) joined[joined.length - 1] = before + word
    else joined.push(word)
  }
  return joined
}

function render({ candidates, files }: Completion): string {
  const lines = candidates.map(({ word, meaning }) => (meaning ? `${word}\t${meaning.split('\n')[0]}` : word))
  return [...lines, ...(files ? [':files'] : []), ''].join('\n')
}
