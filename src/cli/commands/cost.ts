import { type CostGroup, type CostItem, type CostReport, currentCost, hoursPerMonth, priceSource } from '../../index.js'
import { chalk } from '../colors.js'
import type { CliContext, DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { dollars } from '../output/cell.js'
import * as field from '../output/fields.js'
import { printJson, render } from '../output/listing.js'
import { screenWidth } from '../wrap.js'

/** What --json gives of each kind of thing. */
export const itemFields: field.Fields<CostItem> = {
  kind: field.text('instance, volume or public address', ({ kind }) => kind, { column: 'WHAT' }),
  type: field.text('instance type or volume type', ({ type }) => type, { column: 'TYPE' }),
  count: field.number('how many', ({ count }) => count, { column: 'COUNT' }),
  gib: field.gib('GiB of volumes, together', ({ gib }) => gib, { column: 'SIZE' }),
  usdPerHour: field.dollarsAnHour('US dollars an hour of all of them; null: not known', (one) => one.usdPerHour),
}

/** What --json gives of each cluster. */
export const groupFields: field.Fields<CostGroup> = {
  cluster: field.text('name of the cluster; null: what belongs to none', ({ cluster }) => cluster),
  items: field.list('what it has', ({ items }) => items, itemFields),
  usdPerHour: field.dollarsAnHour('US dollars an hour, of what is known', (one) => one.usdPerHour),
  incomplete: field.flag('whether a price is not known', ({ incomplete }) => incomplete),
}

/** As a person sees them: a price that is not known is said to be. */
const shown: field.Fields<CostItem> = {
  ...itemFields,
  usdPerHour: field.text('', ({ usdPerHour }) => (usdPerHour === undefined ? 'unknown' : `${dollars(usdPerHour)}/h`), {
    column: 'COSTS',
  }),
}

export const define: DefineCommand = (command, cli) => {
  command.option('--json', 'as JSON: nothing else is on stdout').action(async (flags: { json?: boolean }) => {
    if (flags.json) cli.keepStdoutForData()
    const sc = await cli.open()
    const report = await currentCost(sc, { signal: cli.signal })
    if (flags.json) printJson(cli, toJson(report))
    else print(cli, report)
  })
  examples(command, [
    ['starcluster cost', 'each cluster, and what belongs to none'],
    ['starcluster -r us-east-1 cost --json', 'for a program'],
  ])
}

function toJson(report: CostReport): object {
  const { groups, ...sums } = report
  return { ...sums, source: priceSource, groups: groups.map((group) => field.toJson(groupFields, group)) }
}

function print(cli: CliContext, report: CostReport): void {
  const { region, pricedAs, groups } = report
  if (groups.length === 0) cli.print(`Nothing in region ${region} costs by the hour.`)
  for (const group of groups) {
    cli.print(chalk.bold(group.cluster === undefined ? 'Of no cluster' : `Cluster ${group.cluster}`))
    cli.print(`${render(shown, group.items, false, screenWidth())}\n${sum(group)}\n`)
  }
  if (groups.length > 1) cli.print(`Together: ${sum(report)}`)
  if (pricedAs !== region)
    cli.print(`Machines of this computer cost nothing: the sums are what they would cost in ${pricedAs}.`)
  const { page, date, what } = priceSource
  cli.print(`Prices of ${date} (${what}; volumes, addresses) from ${page}; spot instances as they are now.`)
}

function sum({ usdPerHour, incomplete }: Pick<CostReport, 'usdPerHour' | 'incomplete'>): string {
  const month = `$${(usdPerHour * hoursPerMonth).toFixed(2)}`
  return `${dollars(usdPerHour)} an hour, ${month} a month of ${hoursPerMonth} hours${incomplete ? ', and what is unknown' : ''}`
}
