import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../../src/cli/commands/spothistory.js'
import { localTime } from '../../../src/cli/output/cell.js'
import { sampled, sparkline } from '../../../src/cli/output/sparkline.js'
import { averagePrice } from '../../../src/core/resources/spot-history.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { violations } from '../../support/json-schema.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
const run = (...argv: string[]) => runCommand(sc, ['spothistory', ...argv])

beforeAll(async () => {
  sc = await inProcessManager()
})
afterAll(() => sc?.close())

test('current, average and highest price of each zone, and of all', async () => {
  const { stdout } = await run('m5.large', '--json')
  const history = JSON.parse(stdout)
  expect(violations(schema, history)).toEqual([])
  expect(history.zones.map(({ zone }: { zone: string }) => zone)).toEqual(['local-a', 'local-b', 'local-c'])
  for (const { changes, current, max, average } of history.zones) {
    const prices = changes.map(({ price }: { price: number }) => price)
    expect([current, max]).toEqual([prices.at(-1), Math.max(...prices)])
    expect(average).toBeGreaterThan(Math.min(...prices))
    expect(average).toBeLessThan(max)
  }
  expect(history.current).toBe(Math.min(...history.zones.map(({ current }: { current: number }) => current)))
  expect(Date.parse(history.end) - Date.parse(history.start)).toBe(30 * 24 * 60 * 60_000)
})

test('the text has a curve for each zone, of one zone when asked for', async () => {
  const day = (ago: number) => new Date(Date.now() - ago * 24 * 60 * 60_000).toISOString()
  const { stdout } = await run('t3.small', '-z', 'local-b', '-s', day(20).slice(0, 10), '-e', day(5))
  expect(stdout).toMatch(/^Spot prices of t3\.small \(Linux\/UNIX\), USD an hour\n/)
  expect(stdout).toMatch(/\nlocal-b +\$0\.00\d\d +\$0\.00\d\d +\$0\.00\d\d {2}[▁▂▃▄▅▆▇█]{60}\n/)
  expect(stdout).toContain(`\n${localTime(new Date(day(20).slice(0, 10)))} to `)
  expect(stdout).not.toContain('local-a')
  expect(stdout).toMatch(/\nCurrent price: \$0\.00\d\d\nMax price: \$0\.00\d\d\nAverage price: \$0\.00\d\d\n$/)
})

test('a price weighs as long as it held', () => {
  const at = (hour: number) => new Date(hour * 3_600_000)
  const changes = [
    { time: at(-5), price: 1 },
    { time: at(3), price: 5 },
  ]
  expect(averagePrice(changes, at(0), at(4))).toBe(2)
  expect(sampled(changes, at(0), at(4), 4)).toEqual([1, 1, 1, 5])
  expect(sparkline([1, 3, 5, undefined], 1, 5)).toBe('▁▅█ ')
})

test.each([
  [['t3.smal'], 1, /instance type t3\.smal does not exist in this region\ndid you mean t3\.small\?/],
  [['t3.small', '-z', 'local-q'], 1, /InvalidParameterValue: Invalid availability zone: \[local-q\]/],
  [
    ['t3.small', '-s', '2013-01-01', '-e', '2013-02-01'],
    1,
    /no spot prices of t3\.small in region local.*\nAWS keeps 90 days/,
  ],
  [['t3.small', '-s', 'yesterday'], 2, /"yesterday" is no time such as 2026-01-31T08:15:00/],
  [['t3.small', '-s', '2026-02-30x'], 2, /is no time/],
  [['t3.small', '-d', '0'], 2, /not a number of days above 0/],
  [['t3.small', '-d', '3', '-s', '2026-01-01'], 2, /cannot be used with/],
  [['t3.small', '-s', '2026-01-02', '-e', '2026-01-01'], 2, /the start must be before the end/],
  [[], 2, /missing required argument 'type'/],
])('%j: exit status %i', async (argv, status, message) => {
  expect(await run(...argv)).toMatchObject({ status, stderr: expect.stringMatching(message) })
})
