import type { Command } from 'commander'

/** A command line, and what it does. */
export type Example = readonly [line: string, meaning: string]

const known = new WeakMap<Command, readonly Example[]>()

/** Adds an "Examples" block below a command's help. */
export function examples(command: Command, lines: readonly Example[]): void {
  known.set(command, lines)
  const width = Math.max(...lines.map(([line]) => line.length))
  const body = lines.map(([line, meaning]) => `  $ ${line.padEnd(width)}   # ${meaning}`).join('\n')
  command.addHelpText('after', `\nExamples:\n${body}`)
}

/** What `examples` was given for a command. */
export const examplesOf = (command: Command): readonly Example[] => known.get(command) ?? []

/** Parses an option that must be a whole number of at least 1. */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1) {
    const error = new Error(`${JSON.stringify(text)} is not a positive whole number`)
    throw Object.assign(error, { code: 'commander.invalidArgument', exitCode: 2 })
  }
  return value
}

/** Parses an option that is a list of names, given with commas or again. */
export function nameList(text: string, before: readonly string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]
}

/** Parses an option that must be a price above 0. */
export function price(text: string): number {
  const value = Number(text)
  if (!/^\d*\.?\d+$/.test(text) || value <= 0) {
    const error = new Error(`${JSON.stringify(text)} is not a price in US dollars, such as 0.10`)
    throw Object.assign(error, { code: 'commander.invalidArgument', exitCode: 2 })
  }
  return value
}

/** Parses an option that must be a number above 0 and at most 100. */
export function percentage(text: string): number {
  const value = Number(text)
  if (!/^\d*\.?\d+$/.test(text) || value <= 0 || value > 100) {
    const error = new Error(`${JSON.stringify(text)} is not a number above 0 and at most 100`)
    throw Object.assign(error, { code: 'commander.invalidArgument', exitCode: 2 })
  }
  return value
}
