import { afterAll, beforeAll, expect, test } from 'vitest'
import { groupFields } from '../../src/cli/commands/cost.js'
import { cliOk } from '../support/cli.js'
import { clusterRecords } from '../support/cluster-records.js'
import { localEc2 } from '../support/local-ec2.js'

let cloud: Awaited<ReturnType<typeof clusterRecords>>
beforeAll(async () => {
  cloud = await clusterRecords({ abc: 3 })
  const ec2 = await localEc2(cloud.env)
  await ec2.createVolume({ AvailabilityZone: 'local-a', Size: 100, VolumeType: 'gp3' })
  ec2.destroy()
})
afterAll(async () => cloud?.remove())

test('what each cluster costs, and what belongs to none', async () => {
  const { stdout } = await cliOk(['cost'], { env: cloud.env })
  expect(stdout).toMatch(/Cluster abc\n.*\n *instance +t3\.small +3 +\$0\.0624\/h\n/)
  expect(stdout).toMatch(/Of no cluster\n.*\nvolume +gp3 +1 +100 GiB +\$0\.0110\/h\n/)
  expect(stdout).toContain('would cost in us-east-1')
  expect(stdout).toMatch(/Prices of \d{4}-\d{2} .* https:\/\/aws\.amazon\.com/)
})

test('as JSON: sums are those of their items', async () => {
  const { stdout } = await cliOk(['cost', '--json'], { env: cloud.env })
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ region: 'local', pricedAs: 'us-east-1', incomplete: false })
  for (const group of report.groups) {
    expect(Object.keys(group)).toEqual(Object.keys(groupFields))
    const sum = group.items.reduce((total: number, { usdPerHour }: { usdPerHour: number }) => total + usdPerHour, 0)
    expect(group.usdPerHour).toBeCloseTo(sum, 9)
  }
  expect(report.groups.map(({ cluster }: { cluster: string | null }) => cluster)).toEqual(['abc', null])
})
