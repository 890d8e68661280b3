import { afterEach, beforeEach, expect, test } from 'vitest'
import { OwnAddressUnknown } from '../../../src/core/aws/caller-address.js'
import { describeSecurityGroups } from '../../../src/core/aws/security-groups.js'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

// The rules of a cluster's group follow its template and the address of who works with it.

let on: InProcess
let cm: ClusterManager
let address: string | undefined
const changes: string[] = []

beforeEach(async () => {
  on = await inProcessManager()
  address = '198.51.100.7'
  changes.length = 0
  const callerCidr = async () => {
    if (address === undefined) throw new OwnAddressUnknown(new Error('no answer'))
    return `${address}/32`
  }
  cm = new ClusterManager({ ...on.deps, region: { ...on.deps.region, callerCidr } })
  on.wire.refuse = (form) => {
    const action = form.get('Action') ?? ''
    if (action.includes('SecurityGroupIngress')) changes.push(action)
    return undefined
  }
})
afterEach(() => on.close())

const permission = (name: string, port: number, more = '') =>
  `[permission ${name}]\nfrom_port = ${port}\nto_port = ${port}\n${more}\n`
const config = (template: string, ...sections: string[]) =>
  on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 1\n${template}\n${sections.join('')}`)
const start = (create = true) =>
  cm.startCluster('c', { create, createOnly: true, ...(create ? { template: 't' } : {}) })

/** `tcp 22 198.51.100.7/32 starcluster: ssh`, in order. */
async function rules(): Promise<string[]> {
  const [group] = await describeSecurityGroups(on.aws.ec2, ['@sc-c'])
  return group!
    .IpPermissions!.flatMap(({ IpProtocol, FromPort, IpRanges = [], UserIdGroupPairs = [] }) => [
      ...IpRanges.map(({ CidrIp, Description }) => `${IpProtocol} ${FromPort} ${CidrIp} ${Description ?? ''}`),
      ...UserIdGroupPairs.map(({ Description }) => `nodes ${Description ?? ''}`),
    ])
    .map((line) => line.trim())
    .sort()
}
const nodes = 'nodes starcluster: nodes'
const ssh = (cidr: string) => `tcp 22 ${cidr} starcluster: ssh`
const told = () => on.log.filter((line) => /Opened|Closed/.test(line)).map((line) => line.replace(/^\w+:? /, ''))

test('what the template no longer has is closed, what it has now is opened, what others opened stays', async () => {
  await config('permissions = http, odd', permission('http', 80), permission('odd', 81, 'cidr_ip = 192.0.2.9/24'))
  const { groupId: GroupId } = await start()
  expect(await rules()).toEqual([
    nodes,
    ssh('198.51.100.7/32'),
    'tcp 80 0.0.0.0/0 starcluster: http',
    'tcp 81 192.0.2.0/24 starcluster: odd',
  ])
  const own = { IpProtocol: 'tcp', FromPort: 9000, ToPort: 9000, IpRanges: [{ CidrIp: '192.0.2.1/32' }] }
  await on.aws.ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [own] })
  changes.length = 0
  await start(false)
  expect(changes).toEqual([]) // nothing to change, nothing asked
  await config(
    'permissions = https, odd',
    permission('https', 443),
    permission('http', 80),
    permission('odd', 81, 'cidr_ip = 192.0.2.9/24'),
  )
  await start(false)
  expect(await rules()).toEqual([
    nodes,
    ssh('198.51.100.7/32'),
    'tcp 443 0.0.0.0/0 starcluster: https',
    'tcp 81 192.0.2.0/24 starcluster: odd',
    'tcp 9000 192.0.2.1/32',
  ])
  expect(changes).toEqual(['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress'])
  expect(told()).toEqual([
    'Opened tcp 443 from 0.0.0.0/0 (https)',
    'Closed tcp 80 from 0.0.0.0/0 (http): the config no longer has it',
  ])
})

test('without the template, what the cluster was started with counts', async () => {
  await config('permissions = http\nssh_cidr = 192.0.2.0/24', permission('http', 80))
  const { groupId: GroupId } = await start()
  const before = await rules()
  const http = { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  await on.aws.ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [http] })
  await on.home.write('.starclusterrc', '[cluster other]\ncluster_size = 1\n')
  await start(false)
  expect(await rules()).toEqual(before)
})

test('elsewhere the new address is let in instead of the old one; addnode does it too', async () => {
  await config('')
  await start()
  address = '203.0.113.5'
  expect(await cm.addressHint('c')).toBe(
    'your address is now 203.0.113.5, the cluster lets 198.51.100.7/32 in: "starcluster start -x c" opens it',
  )
  await start(false)
  expect(await rules()).toEqual([nodes, ssh('203.0.113.5/32')])
  expect(await cm.addressHint('c')).toBeUndefined()
  address = '203.0.113.6'
  const controller = new AbortController()
  const adding = cm.addNodes('c', { signal: controller.signal }).catch(() => undefined) // in-process nodes have no ssh
  await expect.poll(rules, { timeout: 20_000 }).toEqual([nodes, ssh('203.0.113.6/32')])
  controller.abort(new Error('Ctrl-C'))
  await adding
  address = '203.0.113.7'
  await config('ssh_cidr = 192.0.2.0/24')
  expect(await cm.addressHint('c')).toMatch(/correct ssh_cidr = 192\.0\.2\.0\/24 of its template/)
}, 60_000)

test('an address that is not known, or a mistake in the config, leaves the ports as they are', async () => {
  await config('permissions = http', permission('http', 80))
  await start()
  const before = await rules()
  address = undefined
  await start(false)
  expect(on.log).toContainEqual(expect.stringContaining('stay as they are, your own address is not known'))
  address = '203.0.113.5'
  await config('permissions = htp', permission('http', 80))
  await start(false)
  expect(on.log).toContainEqual(expect.stringContaining('stay as they are, the config has a mistake'))
  expect(await rules()).toEqual(before)
})

test('rules without our mark, as older versions made them, are never closed; a start that says ssh_cidr is kept to', async () => {
  await config('')
  await cm.startCluster('c', { createOnly: true, template: 't', overrides: { sshCidr: '192.0.2.0/24' } })
  await start(false)
  expect(await rules()).toEqual([nodes, ssh('192.0.2.0/24')])
  const { groupId: GroupId } = await cm.getCluster('c')
  const [group] = await describeSecurityGroups(on.aws.ec2, ['@sc-c'])
  await on.aws.ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: group!.IpPermissions })
  const old = (cidr: string) => ({ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: cidr }] })
  await on.aws.ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [old('0.0.0.0/0')] })
  await start(false)
  expect(await rules()).toEqual([nodes, 'tcp 22 0.0.0.0/0', ssh('192.0.2.0/24')])
})

test('two at once both succeed: a rule that is there already, or gone already, is fine', async () => {
  await config('permissions = http', permission('http', 80))
  await start()
  await config('permissions = a, b', permission('a', 81), permission('b', 82))
  await Promise.all([start(false), start(false)])
  expect(await rules()).toEqual([
    nodes,
    ssh('198.51.100.7/32'),
    'tcp 81 0.0.0.0/0 starcluster: a',
    'tcp 82 0.0.0.0/0 starcluster: b',
  ])
})
