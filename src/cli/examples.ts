import type { Command } from 'commander'
import { screenWidth, wrap } from './wrap.js'

/** A command line, and what it does. */
export type Example = readonly [line: string, meaning: string]

const known = new WeakMap<Command, readonly Example[]>()

/** Adds an "Examples" block below a command's help. */
export function examples(command: Command, lines: readonly Example[]): void {
  known.set(command, lines)
  command.addHelpText('after', () => `\nExamples:\n${exampleLines(lines, screenWidth())}`)
}

/** Each with its meaning behind it, or above it where the terminal is too narrow for both. */
export function exampleLines(lines: readonly Example[], width: number): string {
  const longest = Math.max(...lines.map(([line]) => line.length))
  const beside = lines.map(([line, meaning]) => `  $ ${line.padEnd(longest)}   # ${meaning}`)
  if (beside.every((line) => line.length <= width)) return beside.join('\n')
  return lines
    .flatMap(([line, meaning]) => [...wrap(meaning, width, 4).map((part) => `  # ${part}`), `  $ ${line}`])
    .join('\n')
}

/** Adds a paragraph below a command's options, as wide as commander makes those. */
export function notes(command: Command, text: string): Command {
  const width = () => (process.stdout.isTTY ? screenWidth() : 80)
  return command.addHelpText('after', () => `\n${wrap(text.trim().replace(/\s+/g, ' '), width()).join('\n')}`)
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
