import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { builtinTemplate, chooseTemplate, loadConfig, type StarClusterConfig } from '../../../src/core/config/index.js'
import { InterpolationProblem, interpolate } from '../../../src/core/config/interpolate.js'
import { parseNodeTypes } from '../../../src/core/config/node-types.js'

const home = mkdtempSync(join(tmpdir(), 'sc-templates-'))
afterAll(() => rmSync(home, { recursive: true }))
const local = { clusterSize: 2, nodeImageId: 'default', nodeInstanceType: 't3.small', keyname: 'starcluster' }

function config(text: string): StarClusterConfig {
  writeFileSync(join(home, '.starclusterrc'), text)
  return loadConfig({ env: { HOME: home } })
}

/** The error's message with the file's name left out. */
function problem(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message.replaceAll(`${join(home, '.starclusterrc')}:`, '')
  }
  return 'no error'
}

test('where the region has defaults, a template may leave everything out', () => {
  expect(config('[cluster y]\n').template('y', local)).toEqual({ ...builtinTemplate(local), name: 'y' })
  expect(builtinTemplate(local)).toEqual({
    name: 'built-in',
    keyname: 'starcluster',
    clusterSize: 2,
    clusterUser: 'sgeadmin',
    clusterShell: 'bash',
    nodeImageId: 'default',
    nodeInstanceTypes: [{ type: 't3.small' }],
    fallbackInstanceTypes: [],
    fallbackZones: [],
    ttlAction: 'stop',
    protected: false,
    rootVolumeType: 'gp3',
    rootVolumeEncrypted: true,
    tags: {},
    volumes: [],
    plugins: [],
    permissions: [],
    userdataScripts: [],
    forceSpotMaster: false,
    queue: 'none',
    disableQueue: false,
    disableCloudinit: false,
    dnsPrefix: false,
  })
})

test('where it has none, all that is missing is said at once', () => {
  expect(problem(() => config('\n[cluster y]\ncluster_size = 2\nspot_bid = much\n').template('y', {}))).toBe(
    [
      '2: [cluster y] needs the setting keyname',
      '2: [cluster y] needs the setting node_image_id',
      '2: [cluster y] needs the setting node_instance_type',
      '4: [cluster y] spot_bid = much: expected a number',
    ].join('\n'),
  )
})

test('which template is used: the named one, the default one, the built-in one', () => {
  const two = config('[global]\ndefault_template = b\n[cluster a]\n[cluster b]\n')
  expect(chooseTemplate(two, 'a', local).name).toBe('a')
  expect(chooseTemplate(two, undefined, local).name).toBe('b')
  expect(chooseTemplate(config('[cluster a]\n'), undefined, local).name).toBe('built-in')
  expect(() => chooseTemplate(config('[cluster a]\n'), undefined, {})).toThrow(
    expect.objectContaining({ code: 'NoDefaultTemplateFound', message: expect.stringContaining('the config has a') }),
  )
})

test('an unknown template is answered with the nearest', () => {
  expect(() => config('[cluster small]\n').template('smal', local)).toThrow(
    expect.objectContaining({
      code: 'ClusterTemplateDoesNotExist',
      message: 'cluster template smal does not exist (did you mean small?)',
      hint: 'templates in the config: small',
    }),
  )
})

test('extends: the nearest value counts, an empty list takes away, the text of a parent is read in the parent', () => {
  const all = config(`
[cluster c]
extends = b
plugins =
cluster_user = %(who)s
who = c
[cluster b]
extends = a
cluster_size = 4
[cluster a]
cluster_size = 3
who = tcsh
cluster_shell = %(who)s
plugins = p
dns_prefix = yes
[plugin p]
setup_class = a.B
`)
  expect(all.template('c', local)).toMatchObject({
    name: 'c',
    extends: 'b',
    plugins: [],
    clusterUser: 'c',
    clusterSize: 4,
    clusterShell: 'tcsh',
    dnsPrefix: true,
  })
  expect(all.template('b', local).plugins).toEqual(['p'])
})

test('[DEFAULT] counts where a section has nothing', () => {
  const text =
    '[DEFAULT]\ncluster_size = 9\nfree = x\n[cluster a]\ncluster_user = u%(free)s\n[cluster b]\ncluster_size = 1\n'
  const all = config(text)
  expect(all.warnings).toEqual([])
  expect(all.template('a', local)).toMatchObject({ clusterSize: 9, clusterUser: 'ux' })
  expect(all.template('b', local).clusterSize).toBe(1)
})

test.each([
  ['[cluster a]\nextends = a\n', '1: templates extend each other in a circle: a -> a'],
  ['[cluster a]\nextends = b\n[cluster b]\nextends = a\n', '1: templates extend each other in a circle: a -> b -> a'],
  ['[cluster a]\nextends = x\n[cluster y]\n', '1: [cluster a] extends x, which does not exist'],
  ['[cluster a]\ncluster_size = two\n', '2: [cluster a] cluster_size = two: expected an integer'],
  [
    '[cluster a]\ncluster_shell = zhs\n',
    '2: [cluster a] cluster_shell = zhs: expected one of bash, zsh, csh, ksh, tcsh (did you mean zsh?)',
  ],
  [
    '[cluster a]\nqueue = slrum\n',
    '2: [cluster a] queue = slrum: expected one of none, slurm, sge (did you mean slurm?)',
  ],
  ['[cluster a]\nplugins = p,\n', '2: [cluster a] plugins = p,: expected names separated by commas'],
  [
    '[cluster a]\nplugins = pq\n[plugin pp]\nsetup_class=a.B\n',
    '2: [cluster a] plugins: no section [plugin pq] exists (did you mean pp?)',
  ],
  ['[cluster a]\nkeyname = k\n', '2: [cluster a] keyname: no section [key k] exists'],
  ['[cluster a]\nvolumes = v\n[volume v]\nvolume_id = x\n', '3: [volume v] needs the setting mount_path'],
  ['[cluster a]\ncluster_user = %(b)s\n', '2: [cluster a] cluster_user: %(b)s refers to a setting that does not exist'],
  [
    '[cluster a]\nnode_instance_type = small\n',
    '2: [cluster a] node_instance_type: "small" is not the name of an instance type, such as t3.small',
  ],
  [
    '[cluster a]\nmaster_instance_type = big\n',
    '2: [cluster a] master_instance_type: "big" is not the name of an instance type, such as t3.small',
  ],
])('says what is wrong: %j', (text, message) => {
  expect(problem(() => config(text).template('a', local))).toBe(message)
})

test('one bad template does not stop the others', () => {
  const all = config('[cluster bad]\ncluster_size = x\n[cluster good]\n')
  expect(all.template('good', local).clusterSize).toBe(2)
})

test('queue counts over disable_queue', () => {
  const all = config('[cluster a]\ndisable_queue = yes\n[cluster b]\nqueue = slurm\ndisable_queue = yes\n')
  expect(all.template('a', local).queue).toBe('none')
  expect(all.template('b', local).queue).toBe('slurm')
})

test('a config that implies SGE gets one line', () => {
  const line = expect.stringContaining('no queueing system is set up on clusters of a, b: write queue = none')
  expect(
    config('[aws info]\n[cluster a]\n[cluster b]\n[cluster c]\nqueue = none\n[cluster d]\nextends = c\n').warnings,
  ).toEqual([line])
  expect(config('[cluster a]\ndisable_queue = False\n[cluster b]\nextends = a\n[cluster c]\n').warnings).toEqual([line])
  expect(config('[cluster a]\n[cluster b]\n').warnings).toEqual([])
  expect(config('[aws info]\n[cluster a]\ndisable_queue = True\n').warnings).toEqual([])
})

test('every setting of a template is typed', () => {
  const text = `
[cluster a]
availability_zone = local-a
volumes = v
permissions = p
userdata_scripts = ~/a.sh, /b.sh
spot_bid = .25
force_spot_master = ON
disable_cloudinit = 1
subnet_id = subnet-1
public_ips = no
master_image_id = i-m
master_instance_type = t3.large
node_instance_type = c5.large:2, c5.large:ami-1, c5.large:ami-1:3, t3.small
[volume v]
volume_id = vol-1
mount_path = /v
partition = 3
[permission p]
from_port = -1
to_port = 8
`
  const all = config(text)
  expect(all.template('a', local)).toMatchObject({
    availabilityZone: 'local-a',
    volumes: ['v'],
    userdataScripts: [join(home, 'a.sh'), '/b.sh'],
    spotBid: 0.25,
    forceSpotMaster: true,
    disableCloudinit: true,
    subnetId: 'subnet-1',
    publicIps: false,
    masterImageId: 'i-m',
    masterInstanceType: 't3.large',
    nodeInstanceTypes: [
      { type: 'c5.large', count: 2 },
      { type: 'c5.large', imageId: 'ami-1', count: 1 },
      { type: 'c5.large', imageId: 'ami-1', count: 3 },
      { type: 't3.small' },
    ],
  })
  expect(all.volumes.get('v')?.partition).toBe(3)
  expect(all.permissions.get('p')).toEqual({
    name: 'p',
    ipProtocol: 'tcp',
    fromPort: -1,
    toPort: 8,
    cidrIp: '0.0.0.0/0',
  })
})

test('settings that the original did not have are typed too', () => {
  const text = `
[cluster a]
iam_profile = cluster-node
ssh_cidr = 198.51.100.0/24
root_volume_size = 30
root_volume_type = gp2
root_volume_encrypted = no
image_user = ubuntu
min_nodes = 2
start_timeout = 20m
fallback_instance_types = m5.large, m5a.large
fallback_zones = local-b
spot_max_price = 0.1
ttl = 1.5h
tags = project = genome, empty=, eq=a=b
`
  expect(config(text).template('a', local)).toMatchObject({
    iamProfile: 'cluster-node',
    sshCidr: '198.51.100.0/24',
    rootVolumeSize: 30,
    rootVolumeType: 'gp2',
    rootVolumeEncrypted: false,
    imageUser: 'ubuntu',
    minNodes: 2,
    startTimeout: 1200,
    fallbackInstanceTypes: ['m5.large', 'm5a.large'],
    fallbackZones: ['local-b'],
    spotMaxPrice: 0.1,
    ttl: 5400,
    tags: { project: 'genome', empty: '', eq: 'a=b' },
  })
})

test.each([
  ['ttl = soon', 'a time such as'],
  ['ttl = 0', 'a time such as'],
  ['tags = a', 'key=value pairs'],
  ['tags = a=1, a=2', 'key=value pairs'],
  ['tags = =1', 'key=value pairs'],
  ['root_volume_type = gp4', 'did you mean gp3?'],
])('refuses %j', (line, message) => {
  expect(problem(() => config(`[cluster a]\n${line}\n`).template('a', local))).toContain(message)
})

test('property: times are what they say in seconds', () => {
  const units = fc.constantFrom(['', 1], ['s', 1], ['m', 60], ['h', 3600], ['d', 86_400]) as fc.Arbitrary<
    [string, number]
  >
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), units, (number, [unit, seconds]) => {
      expect(config(`[cluster a]\nttl = ${number}${unit}\n`).template('a', local).ttl).toBe(number * seconds)
    }),
    { numRuns: 30 },
  )
})

test.each([
  [['t3.small:2'], 'the last item'],
  [['t3.small:0', 't3.small'], 'the count must be'],
  [['t3.small:a:b', 't3.small'], 'the count must be'],
  [['t3.small:1:ami-1', 't3.small'], 'the image stands before the count'],
  [['t3.small:a:1:x', 't3.small'], 'is none of'],
  [['t3.small:', 't3.small'], 'is none of'],
  [[], 'at least one'],
])('refuses node types %j', (items, message) => {
  expect(parseNodeTypes(items)).toEqual({ problem: expect.stringContaining(message) })
})

test('property: node types are read back from how they are written', () => {
  const type = fc.constantFrom('t3.small', 'c5.24xlarge', 'u-6tb1.metal', 'mac2-m2pro.metal')
  const imageId = fc.constantFrom('ami-0123', 'debian-12', 'default')
  const group = fc.record(
    { type, imageId, count: fc.integer({ min: 1, max: 999 }) },
    { requiredKeys: ['type', 'count'] },
  )
  fc.assert(
    fc.property(fc.array(group), type, (groups, last) => {
      const items = groups.map((each) =>
        [each.type, each.imageId, each.count].filter((part) => part !== undefined).join(' : '),
      )
      expect(parseNodeTypes([...items, last])).toEqual([...groups, { type: last }])
    }),
  )
})

test('interpolation', () => {
  const values: Record<string, string> = { a: 'A', b: '%(a)s%(A)s', loop: '%(loop)s', pct: '5%%' }
  const read = (text: string) => interpolate(text, (name) => values[name])
  expect(read('100%, %% and %s')).toBe('100%, %% and %s')
  expect(read('%(b)s-%(a)s 5%% %%(a)s')).toBe('AA-A 5% %(a)s')
  expect(read('%(pct)s')).toBe('5%%')
  expect(() => read('%(loop)s')).toThrow(InterpolationProblem)
  expect(() => read('%(nope)s')).toThrow(/%\(nope\)s/)
})

test('property: a chain of templates means what overlaying its sections by hand means', () => {
  const settings = fc.record(
    {
      cluster_size: fc.integer({ min: 1, max: 99 }),
      cluster_user: fc.constantFrom('ann', 'bob'),
      plugins: fc.constantFrom('p', 'q', 'p, q', ''),
      dns_prefix: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(settings, { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.nat()), (chain, order) => {
      const sections = chain.map((each, index) => {
        const lines = Object.entries(each).map(([name, value]) => `${name} = ${value}\n`)
        return `[cluster t${index}]\n${index > 0 ? `extends = t${index - 1}\n` : ''}${lines.join('')}`
      })
      const shuffled = sections
        .map((text) => ({ text, key: order.next().value as number }))
        .sort((a, b) => a.key - b.key)
      const plugins = '[plugin p]\nsetup_class = a.B\n[plugin q]\nsetup_class = a.B\n'
      const got = config(plugins + shuffled.map(({ text }) => text).join('')).template(`t${chain.length - 1}`, local)
      const want = Object.assign(
        { cluster_size: 2, cluster_user: 'sgeadmin', plugins: '', dns_prefix: false },
        ...chain,
      )
      expect(got).toMatchObject({
        clusterSize: want.cluster_size,
        clusterUser: want.cluster_user,
        plugins: want.plugins === '' ? [] : want.plugins.split(', '),
        dnsPrefix: want.dns_prefix,
      })
    }),
  )
})
