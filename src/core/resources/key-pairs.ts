import { abortable } from '../aws/caller-identity.js'
import { describeInstances, livingStates } from '../aws/instances.js'
import { tagsByKey } from '../aws/pages.js'
import type { Asking, ResourceDeps } from './deps.js'
import { KeyPairDoesNotExist, others } from './errors.js'

/** A key pair of the region; EC2 has its public half only. */
export interface KeyPairListing {
  readonly name: string
  readonly id?: string | undefined
  /** As EC2 tells it: of another kind for imported pairs than for those EC2 made. */
  readonly fingerprint?: string | undefined
  /** `rsa` or `ed25519`. */
  readonly type?: string | undefined
  readonly createTime?: Date | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** Key pairs of the region, by name. */
export async function listKeyPairs(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { signal }: Asking = {},
): Promise<KeyPairListing[]> {
  const { KeyPairs = [] } = await aws.ec2.describeKeyPairs({}, abortable(signal))
  return KeyPairs.map(({ KeyName = '', ...pair }) => ({
    name: KeyName,
    id: pair.KeyPairId,
    fingerprint: pair.KeyFingerprint,
    type: pair.KeyType,
    createTime: pair.CreateTime,
    tags: tagsByKey(pair.Tags),
  })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A key pair, and what runs that was launched with it. */
export interface KeyPairUse {
  readonly pair: KeyPairListing
  /** Ids of instances that were launched with it: removing the pair takes nothing from them. */
  readonly instanceIds: readonly string[]
}

/** @throws KeyPairDoesNotExist naming the nearest */
export async function keyPairUse(
  { aws }: Pick<ResourceDeps, 'aws'>,
  name: string,
  { signal }: Asking = {},
): Promise<KeyPairUse> {
  const pairs = await listKeyPairs({ aws }, { signal })
  const pair = pairs.find((one) => one.name === name)
  if (!pair) throw noKeyPair(name, aws.region.name, pairs)
  const filters = [
    { Name: 'key-name', Values: [name] },
    { Name: 'instance-state-name', Values: [...livingStates] },
  ]
  const instances = await describeInstances(aws.ec2, filters, signal)
  return { pair, instanceIds: instances.map(({ InstanceId = '' }) => InstanceId) }
}

function noKeyPair(name: string, region: string, pairs: readonly KeyPairListing[]): KeyPairDoesNotExist {
  const { near, list } = others(
    name,
    pairs.map((pair) => pair.name),
  )
  return new KeyPairDoesNotExist(`key pair ${name} does not exist in region ${region}${near}`, {
    hint: list === '' ? 'there are no key pairs in this region' : `there are: ${list}`,
  })
}

/** Takes a key pair from EC2; files of its private half stay. Look at `keyPairUse` first. */
export async function removeKeyPair(
  { aws }: Pick<ResourceDeps, 'aws'>,
  name: string,
  { signal }: Asking = {},
): Promise<void> {
  await aws.ec2.deleteKeyPair({ KeyName: name }, abortable(signal))
}
