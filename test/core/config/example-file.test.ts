import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { chooseTemplate, loadConfig } from '../../../src/core/config/index.js'
import { SECTION_KINDS } from '../../../src/core/config/section-kinds.js'

const example = join(import.meta.dirname, '../../../.starclusterrc.example')
const text = readFileSync(example, 'utf8')
const home = mkdtempSync(join(tmpdir(), 'sc-example-'))
afterAll(() => rmSync(home, { recursive: true }))
const env = { HOME: home }
const local = { clusterSize: 2, nodeImageId: 'default', nodeInstanceType: 't3.small', keyname: 'starcluster' }

/** The example with every setting and section switched on. */
const allOn = text.replace(/^#(?=\w+ = |\[)/gm, '')

test('the example loads as it stands, without a warning, and starts in the local cloud', () => {
  const config = loadConfig({ file: example, env })
  expect(config.warnings).toEqual([])
  expect(config.aws).toBeUndefined()
  expect(config.plugin('pkginstaller').settings.get('pkg_to_install')).toBe('htop')
  expect(chooseTemplate(config, undefined, local)).toMatchObject({ name: 'smallcluster', clusterSize: 2, plugins: [] })
})

test('the example loads with everything in it switched on', () => {
  mkdirSync(join(home, '.starcluster'))
  writeFileSync(join(home, '.starcluster/awscreds'), '')
  const file = join(home, 'config')
  writeFileSync(file, allOn)
  const config = loadConfig({ file, env })
  expect(config.warnings).toEqual([
    expect.stringContaining('so aws_profile = work is not used'),
    expect.stringContaining('not supported yet: aws_region_host, aws_s3_host, aws_proxy'),
  ])
  expect(config.aws).toMatchObject({ awsRegionName: 'eu-west-1', awsPort: 443 })
  expect(config.template('smallcluster', {})).toMatchObject({ plugins: ['pkginstaller'], permissions: ['http'] })
  expect(config.template('bigcluster', {})).toMatchObject({ clusterSize: 10, spotBid: 0.1 })
})

for (const kind of SECTION_KINDS) {
  test(`the example has every setting of [${kind.header}], with what it does and its default`, () => {
    const header = new RegExp(`^\\[${kind.header.replace('NAME', '\\w+')}\\]$`, 'm')
    const prose = text.replace(/\n# /g, ' ')
    expect(allOn).toMatch(header)
    for (const [name, setting] of Object.entries(kind.schema)) {
      expect(allOn, name).toMatch(new RegExp(`^${name} = .+$`, 'm'))
      expect(prose, name).toContain(setting.doc)
    }
  })
}
