import { type Command, Option } from 'commander'
import type { StarCluster } from '../../index.js'
import { chalk } from '../colors.js'
import type { CliContext } from '../context.js'
import { screenWidth, wrap } from '../wrap.js'
import { harmless } from './cell.js'
import { type Field, type Fields, isNumeric, toJson, toText } from './fields.js'
import { tableLines } from './table.js'

/** How a listing is wanted. */
export interface ListingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly long?: boolean
}

/** What a listing command shows, in every form. */
export interface Listing<T> {
  readonly fields: Fields<T>
  /** The one line of an item with --quiet: what other commands take. */
  readonly name: (item: T) => string
}

/** Adds --json and --quiet to a command, and --long where it shows tables. */
export function listingOptions(command: Command, { long = true }: { long?: boolean } = {}): Command {
  if (long) command.option('-l, --long', 'everything there is to tell, a block for each')
  return command
    .addOption(new Option('--json', 'as JSON: nothing else is on stdout').conflicts('quiet'))
    .option('-q, --quiet', 'only ids or names, one a line')
}

/** The library for a command whose stdout may be for a program: then the log is on stderr. */
export async function openFor(
  cli: Pick<CliContext, 'keepStdoutForData' | 'open'>,
  { json, quiet }: ListingFlags,
): Promise<StarCluster> {
  if (json || quiet) cli.keepStdoutForData()
  return cli.open()
}

/** Prints items in the wanted form. @param empty said to a person when there are none */
export function printListing<T>(
  cli: Pick<CliContext, 'print'>,
  flags: ListingFlags,
  items: readonly T[],
  { fields, name }: Listing<T>,
  empty: string,
): void {
  if (flags.json) {
    const values = items.map((item) => toJson(fields, item))
    printJson(cli, values)
  } else if (flags.quiet) for (const item of items) cli.print(harmless(name(item)))
  else if (items.length === 0) cli.print(empty)
  else cli.print(`${render(fields, items, flags.long === true, screenWidth())}\n\nTotal: ${items.length}`)
}

export function printJson(cli: Pick<CliContext, 'print'>, value: unknown): void {
  cli.print(JSON.stringify(value, null, 2))
}

/** A table, without its extra columns on a narrow terminal; a block for each item where none fits, or when asked for. */
export function render<T>(fields: Fields<T>, items: readonly T[], long: boolean, width: number): string {
  let shown = Object.values(fields).filter(({ column }) => column !== undefined)
  let lines = long ? undefined : table(shown, items, width)
  while (!long && !lines && shown.some(({ extra }) => extra)) {
    shown = shown.toSpliced(
      shown.findLastIndex(({ extra }) => extra),
      1,
    )
    lines = table(shown, items, width)
  }
  if (!lines) return items.map((item) => block(fields, item, width)).join('\n\n')
  return [chalk.bold(lines[0]), ...lines.slice(1)].join('\n')
}

function table<T>(shown: readonly Field<T>[], items: readonly T[], width: number): string[] | undefined {
  const columns = shown.map((field) => ({
    title: field.column ?? '',
    right: isNumeric(field),
    wraps: field.wraps === true,
  }))
  const rows = items.map((item) => shown.map((field) => toText(field, item)))
  return tableLines(columns, rows, width)
}

/** `key: value` lines as the original's, of what there is. */
function block<T>(fields: Fields<T>, item: T, width: number): string {
  return Object.entries(fields)
    .flatMap(([key, field]) => {
      const value = toText(field, item)
      if (value === '' || field.type === 'list') return []
      const [first = '', ...more] = wrap(`${snake(key)}: ${value}`, width, 0)
      return [first, ...more.map((line) => `    ${line}`)]
    })
    .join('\n')
}

const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
