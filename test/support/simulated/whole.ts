import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parseExports, parseHosts } from '../../../src/core/node/facts.js'
import type { SimulatedMachine } from './machine.js'
import type { Simulated } from './manager.js'
import { blockOf } from './setup-commands.js'

const living = async ({ aws }: Simulated) => {
  const { Reservations = [] } = await aws.ec2.describeInstances({})
  const all = Reservations.flatMap(({ Instances = [] }) => Instances)
  return all.filter(({ State }) => State?.Name !== 'terminated')
}

/** The cluster has exactly these running nodes, and each of them knows all and only them. */
export async function expectWhole(on: Simulated, tag: string, aliases: readonly string[]): Promise<void> {
  const cluster = await on.cm.getCluster(tag)
  const nodes = await cluster.getNodes()
  expect(nodes.map(({ alias, state }) => `${alias} ${state}`)).toEqual(aliases.map((alias) => `${alias} running`))
  expect(await living(on)).toHaveLength(aliases.length)
  const addresses = nodes.map(({ privateIpAddress }) => privateIpAddress)
  const machines = nodes.map(({ id }) => on.engine.machines.get(id)!)
  for (const [index, machine] of machines.entries()) expectConfigured(machine, aliases[index]!, aliases, addresses)
  const [master, ...workers] = machines
  const exported = parseExports(master!.files.read('/etc/exports') ?? '').map(({ clients }) => clients[0]!.host)
  expect(exported).toEqual(addresses.slice(1))
  for (const { mounts } of workers) expect([...mounts]).toEqual([['/home', 'master:/home']])
}

function expectConfigured(
  { files }: SimulatedMachine,
  alias: string,
  aliases: readonly string[],
  addresses: readonly string[],
): void {
  expect(files.read('/etc/hostname')).toBe(`${alias}\n`)
  const hosts = parseHosts(blockOf(files.read('/etc/hosts') ?? '', 'starcluster').join('\n'))
  expect(hosts).toEqual(aliases.map((name, index) => ({ address: addresses[index], names: [name] })))
  const known = blockOf(files.read('/etc/ssh/ssh_known_hosts') ?? '', 'starcluster')
  expect(known.map((line) => line.split(',')[0])).toEqual(aliases)
  expect(blockOf(files.read('/root/.ssh/authorized_keys') ?? '', 'starcluster')).toHaveLength(aliases.length)
  expect(files.read('/etc/passwd')).toMatch(/^sgeadmin:x:1000:1000:/m)
}

/**
 * Nothing of any cluster is left, on EC2 or here. A key pair may be, but not without its private half; then it goes too.
 */
export async function expectNothingLeft(on: Simulated): Promise<void> {
  const { ec2 } = on.aws
  expect(await living(on)).toEqual([])
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({})
  expect(SecurityGroups.map(({ GroupName }) => GroupName)).toEqual(['default'])
  expect((await ec2.describeVolumes({})).Volumes).toEqual([])
  const { SpotInstanceRequests = [] } = await ec2.describeSpotInstanceRequests({})
  // EC2 tells of closed ones for a while.
  expect(SpotInstanceRequests.filter(({ State }) => State === 'open' || State === 'active')).toEqual([])
  const { KeyPairs = [] } = await ec2.describeKeyPairs({})
  const files = async (folder: string) => await readdir(join(on.home.path, '.starcluster', folder)).catch(() => [])
  expect(await files('known_hosts.d/local')).toEqual([])
  if (KeyPairs.length > 0) expect(await files('keys/local')).toEqual(['starcluster.pem'])
  expect(on.engine.machines.size).toBe(0)
  // The next start makes its key pair again.
  for (const { KeyName } of KeyPairs) await ec2.deleteKeyPair({ KeyName })
  await rm(join(on.home.path, '.starcluster/keys'), { recursive: true, force: true })
}
