import { InvalidArgumentError, Option } from 'commander'
import { type SpotHistory, spotHistory, type ZonePrices } from '../../index.js'
import type { CliContext, DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { dollars, localTime } from '../output/cell.js'
import * as field from '../output/fields.js'
import { openFor, printJson } from '../output/listing.js'
import { objectSchema } from '../output/schema.js'
import { sampled, sparkline } from '../output/sparkline.js'
import { screenWidth } from '../wrap.js'

const changeFields: field.Fields<ZonePrices['changes'][number]> = {
  time: field.time('when it began to hold', ({ time }) => time),
  price: field.dollarsAnHour('USD an hour', ({ price }) => price),
}

const zoneFields: field.Fields<ZonePrices> = {
  zone: field.text('availability zone', ({ zone }) => zone),
  current: field.dollarsAnHour('price now, USD an hour', ({ current }) => current),
  average: field.dollarsAnHour('weighted by how long each price held, USD an hour', ({ average }) => average),
  max: field.dollarsAnHour('highest price, USD an hour', ({ max }) => max),
  changes: field.list('changes, oldest first; the first held at the start', ({ changes }) => changes, changeFields),
}

const fields: field.Fields<SpotHistory> = {
  instanceType: field.text('instance type', ({ instanceType }) => instanceType),
  product: field.text('what is priced', ({ product }) => product),
  start: field.time('begin of the time', ({ start }) => start),
  end: field.time('end of the time', ({ end }) => end),
  current: field.dollarsAnHour('lowest price now, USD an hour', ({ current }) => current),
  average: field.dollarsAnHour("mean of the zones' averages, USD an hour", ({ average }) => average),
  max: field.dollarsAnHour('highest price, USD an hour', ({ max }) => max),
  zones: field.list('the zones, by name', ({ zones }) => zones, zoneFields),
}

/** What --json prints. */
export const schema = objectSchema(fields as field.Fields<never>)

interface Flags {
  readonly zone?: string
  readonly days?: number
  readonly startTime?: Date
  readonly endTime?: Date
  readonly json?: boolean
}

const DAY_MS = 24 * 60 * 60_000

export const define: DefineCommand = (command, cli) => {
  command
    .description('tell the spot price of an instance type now, its average and its highest, and draw its course')
    .argument('<type>', 'instance type')
    .option('-z, --zone <zone>', 'only this availability zone')
    .addOption(new Option('-d, --days <n>', 'so many days back (default: 30)').argParser(days).conflicts('startTime'))
    .option('-s, --start-time <time>', 'from this time on: ISO 8601, in UTC unless it says its zone', isoTime)
    .option('-e, --end-time <time>', 'until this time (default: now)', isoTime)
    .option('--json', 'as JSON: nothing else is on stdout')
    .action(async (type: string, flags: Flags) => {
      const end = flags.endTime ?? new Date()
      const start = flags.startTime ?? new Date(end.getTime() - (flags.days ?? 30) * DAY_MS)
      if (start >= end) throw command.error('error: the start must be before the end', { exitCode: 2 })
      const sc = await openFor(cli, flags)
      const history = await spotHistory(sc, type, { zone: flags.zone, start, end, signal: cli.signal })
      if (flags.json) printJson(cli, field.toJson(fields, history))
      else print(cli, history)
    })
  examples(command, [
    ['starcluster spothistory m5.large', 'the last 30 days in all zones'],
    ['starcluster -r us-east-1 spothistory c5.xlarge --zone us-east-1c --days 7', 'a week in one zone of AWS'],
  ])
}

function print(cli: Pick<CliContext, 'print'>, { zones, current, average, max, ...history }: SpotHistory): void {
  const width = Math.max(...zones.map(({ zone }) => zone.length), 'zone'.length)
  const room = Math.min(60, screenWidth() - width - 36)
  const low = Math.min(...zones.flatMap(({ changes }) => changes.map(({ price }) => price)))
  cli.print(`Spot prices of ${history.instanceType} (${history.product}), USD an hour`)
  cli.print(`${localTime(history.start)} to ${localTime(history.end)}\n`)
  const row = (name: string, cells: readonly string[]) => `${name.padEnd(width)}  ${cells.join('  ')}`.trimEnd()
  const numbers = (values: readonly string[]) => values.map((value) => value.padStart(9))
  cli.print(row('ZONE', numbers(['CURRENT', 'AVERAGE', 'MAX'])))
  for (const { zone, changes, ...prices } of zones) {
    const curve = room < 10 ? '' : sparkline(sampled(changes, history.start, history.end, room), low, max)
    const cells = [prices.current, prices.average, prices.max].map(dollars)
    cli.print(row(zone, [...numbers(cells), curve]))
  }
  cli.print(`\nCurrent price: ${dollars(current)}\nMax price: ${dollars(max)}\nAverage price: ${dollars(average)}`)
}

function days(text: string): number {
  const value = Number(text)
  if (/^\d*\.?\d+$/.test(text) && value > 0) return value
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not a number of days above 0`)
}

/** ISO 8601; without a zone it is UTC, as the original had it. */
function isoTime(text: string): Date {
  const [, date, clock, zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text) ?? []
  const time = new Date(`${date}T${clock ?? '00:00'}${zone}`)
  if (date !== undefined && !Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no time such as 2026-01-31T08:15:00`)
}
