import type { Instance } from '@aws-sdk/client-ec2'
import { describeInstances, describeInstancesById, livingStates } from '../aws/instances.js'
import { KeyNotFound } from '../config/errors.js'
import { didYouMean } from '../nearest.js'
import { InstanceDoesNotExist } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { requireText } from '../required.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import type { NodePool } from './node-pool.js'
import { tagOfGroup } from './tag.js'

/** Host keys of instances that are in no cluster are pinned together; no cluster can have this name. */
const NO_CLUSTER = '@instances'

/**
 * Any instance of the account: a node of a cluster as its cluster knows it; others are opened by the key pair they were launched
 * with.
 * @param identifier instance id, public or private DNS name or address
 * @throws InstanceDoesNotExist naming the nearest, KeyNotFound when it was launched without a key pair
 */
export async function findInstance(
  deps: ClusterDeps,
  pool: NodePool,
  identifier: string,
  signal?: AbortSignal,
): Promise<Node> {
  requireText('the id, name or address of an instance', identifier)
  const instance = await ask(deps, identifier, signal)
  const keyname = () => {
    if (instance.KeyName) return instance.KeyName
    throw new KeyNotFound(`${instance.InstanceId} was launched without a key pair: there is no key that opens it`, {
      hint: 'log in another way, such as EC2 Instance Connect or Session Manager',
    })
  }
  const tag = instance.SecurityGroups?.map(({ GroupName }) => tagOfGroup(GroupName)).find(
    (found) => found !== undefined,
  )
  if (tag !== undefined) {
    const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
    return cluster.getNode(instance.InstanceId ?? identifier, { signal })
  }
  const [node] = pool.adopt(NO_CLUSTER, () => ({ keyname: keyname() }), [instance])
  if (node) return node
  throw new InstanceDoesNotExist(`instance ${identifier} does not exist`)
}

async function ask({ aws, region }: ClusterDeps, identifier: string, signal?: AbortSignal): Promise<Instance> {
  const ids = /^i-[\da-f]+$/.test(identifier)
  const [found] = ids
    ? await describeInstancesById(aws.ec2, [identifier], signal)
    : (
        await Promise.all(
          filtersFor(identifier).map((name) => living(aws, [{ Name: name, Values: [identifier] }], signal)),
        )
      ).flat()
  if (found) return found
  const all = (await living(aws, [], signal)).flatMap((one) => [one.InstanceId, one.PublicIpAddress, one.PublicDnsName])
  const names = all.filter((name) => name !== undefined && name !== '') as string[]
  throw new InstanceDoesNotExist(
    `instance ${identifier} does not exist in region ${region.name}${didYouMean(identifier, names)}`,
    { hint: 'name it by its id (i-...), its DNS name or its address; -r names another region' },
  )
}

function living({ ec2 }: ClusterDeps['aws'], filters: { Name: string; Values: string[] }[], signal?: AbortSignal) {
  return describeInstances(ec2, [...filters, { Name: 'instance-state-name', Values: [...livingStates] }], signal)
}

function filtersFor(identifier: string): string[] {
  return /^[\d.]+$/.test(identifier) ? ['ip-address', 'private-ip-address'] : ['dns-name', 'private-dns-name']
}
