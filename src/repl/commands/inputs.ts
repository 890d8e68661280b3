import { readFileSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { type ShellCommand, UsageError } from './command.js'

/** Files and folders below what was typed of a path. */
const paths: ShellCommand['complete'] = async (_session, argument) => {
  const folder = argument.slice(0, argument.lastIndexOf('/') + 1)
  const entries = await readdir(fileOf(folder === '' ? '.' : folder), { withFileTypes: true })
  return entries.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
}

export const history: ShellCommand = {
  name: 'history',
  help: 'Show the inputs of this session with their numbers: the last COUNT, or those with a TEXT in them',
  run: async (argument, session) => {
    const wanted = argument.trim()
    const count = /^\d+$/.test(wanted) ? Number(wanted) : undefined
    if (count === 0) throw new UsageError('.history [COUNT | TEXT]')
    const all = session.results.inputs()
    const inputs = count === undefined ? all.filter(([, source]) => source.includes(wanted)) : all.slice(-count)
    const width = String(inputs.at(-1)?.[0] ?? 0).length
    for (const [number, source] of inputs) {
      session.say(`${String(number).padStart(width)}  ${source.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`)
    }
  },
}

export const save: ShellCommand = {
  name: 'save',
  help: 'Write the inputs of this session that ran without an error to a file',
  complete: paths,
  run: async (argument, session) => {
    if (argument.trim() === '') throw new UsageError('.save FILE')
    const file = fileOf(argument.trim())
    writeFileSync(file, session.inputs.map((source) => `${source.trimEnd()}\n`).join(''))
    session.say(`>>> ${session.inputs.length} ${session.inputs.length === 1 ? 'input' : 'inputs'} saved to ${file}`)
  },
}

export const load: ShellCommand = {
  name: 'load',
  help: 'Run a TypeScript or JavaScript file as if it were typed here',
  complete: paths,
  run: async (argument, session) => {
    if (argument.trim() === '') throw new UsageError('.load FILE')
    const file = fileOf(argument.trim())
    const outcome = await session.run(readFileSync(file, 'utf8'))
    if (outcome.kind === 'error') throw outcome.error
    if (outcome.kind === 'incomplete') throw new SyntaxError(`${file} ends in the middle of a statement`)
    if (outcome.kind === 'value') await session.print(outcome.value)
  },
}

function fileOf(argument: string): string {
  return resolve(argument.replace(/^~(?=$|\/)/, homedir()))
}
