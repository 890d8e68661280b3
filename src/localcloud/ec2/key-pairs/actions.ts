import type {
  CreateKeyPairRequest,
  DeleteKeyPairRequest,
  DeleteKeyPairResult,
  DescribeKeyPairsRequest,
  DescribeKeyPairsResult,
  ImportKeyPairRequest,
  ImportKeyPairResult,
  KeyPair,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { newId, own } from '../resource-ids.js'
import type { Ec2State, KeyPairRecord } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { generate, importedFingerprint, openSshLine, parsePublicKey } from './key-material.js'

export function findKeyPair(state: Ec2State, name: string): KeyPairRecord | undefined {
  return Object.values(state.keyPairs).find((pair) => pair.name === name)
}

export const keyPairNotFound = (name: string) =>
  new AwsError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`)

/** Makes a pair and tells its private half, once; only the public half is kept. */
export async function createKeyPair(input: CreateKeyPairRequest, cloud: Cloud): Promise<KeyPair> {
  const { ec2 } = cloud.state
  const type = input.KeyType ?? 'rsa'
  if (type !== 'rsa' && type !== 'ed25519') throw invalidValue(type, 'KeyType')
  if ((input.KeyFormat ?? 'pem') !== 'pem')
    throw invalidValue(input.KeyFormat, 'KeyFormat', 'The local cloud makes pem keys.')
  const name = freeName(ec2, input.KeyName)
  const tags = parseTagSpecification(input.TagSpecifications, 'key-pair')
  endDryRun(input)
  const { privateKey, publicKey, fingerprint } = await generate(type)
  freeName(ec2, name) // another request may have taken it meanwhile
  const record = { name, type, fingerprint, publicKey: openSshLine(publicKey, name) } as const
  const id = addKeyPair(cloud, record, tags)
  return {
    KeyPairId: id,
    KeyName: name,
    KeyFingerprint: fingerprint,
    KeyMaterial: privateKey,
    Tags: tagList(ec2, id),
  }
}

export function importKeyPair(input: ImportKeyPairRequest, cloud: Cloud): ImportKeyPairResult {
  const { ec2 } = cloud.state
  const name = freeName(ec2, input.KeyName)
  const tags = parseTagSpecification(input.TagSpecifications, 'key-pair')
  const material = parsePublicKey(input.PublicKeyMaterial ?? new Uint8Array())
  endDryRun(input)
  const fingerprint = importedFingerprint(material)
  const id = addKeyPair(cloud, { name, type: material.type, fingerprint, publicKey: openSshLine(material, name) }, tags)
  return { KeyPairId: id, KeyName: name, KeyFingerprint: fingerprint, Tags: tagList(ec2, id) }
}

/** @throws AwsError for a name EC2 does not take or has already */
function freeName(state: Ec2State, name: string | undefined): string {
  if (!name) throw missingParameter('KeyName')
  if (name.length > 255) throw invalidValue(name, 'KeyName', 'It must be at most 255 characters long.')
  if (/[^\x20-\x7e]/.test(name) || name !== name.trim()) {
    throw invalidValue(name, 'KeyName', 'It must be ASCII without leading or trailing spaces.')
  }
  if (findKeyPair(state, name)) throw new AwsError('InvalidKeyPair.Duplicate', `The keypair '${name}' already exists.`)
  return name
}

function addKeyPair(cloud: Cloud, pair: Omit<KeyPairRecord, 'id' | 'createdAt'>, tags: ReadonlyMap<string, string>) {
  const id = newId('key')
  cloud.state.ec2.keyPairs[id] = { id, ...pair, createdAt: cloud.now().toISOString() }
  putTags(cloud.state.ec2, id, tags)
  return id
}

export function describeKeyPairs(input: DescribeKeyPairsRequest, cloud: Cloud): DescribeKeyPairsResult {
  const { ec2 } = cloud.state
  const matches = filterBy<KeyPairRecord>(input.Filters, FILTERS, (pair) => tagsOf(ec2, pair.id))
  const names = input.KeyNames ?? []
  const ids = input.KeyPairIds ?? []
  for (const name of names) if (!findKeyPair(ec2, name)) throw keyPairNotFound(name)
  for (const id of ids) if (!own(ec2.keyPairs, id)) throw keyPairNotFound(id)
  endDryRun(input)
  const asked = (pair: KeyPairRecord) =>
    (names.length === 0 && ids.length === 0) || names.includes(pair.name) || ids.includes(pair.id)
  const pairs = Object.values(ec2.keyPairs).filter((pair) => asked(pair) && matches(pair))
  return {
    KeyPairs: pairs.map((pair) => ({
      KeyPairId: pair.id,
      KeyName: pair.name,
      KeyType: pair.type,
      KeyFingerprint: pair.fingerprint,
      PublicKey: input.IncludePublicKey ? pair.publicKey : undefined,
      CreateTime: new Date(pair.createdAt),
      Tags: tagList(ec2, pair.id),
    })),
  }
}

const FILTERS = {
  'key-pair-id': (pair: KeyPairRecord) => pair.id,
  'key-name': (pair: KeyPairRecord) => pair.name,
  fingerprint: (pair: KeyPairRecord) => pair.fingerprint,
}

/** A key pair that does not exist is deleted with success, as on EC2. */
export function deleteKeyPair(input: DeleteKeyPairRequest, cloud: Cloud): DeleteKeyPairResult {
  const { ec2 } = cloud.state
  if (!input.KeyName && !input.KeyPairId) throw missingParameter('KeyName')
  endDryRun(input)
  const pair = input.KeyPairId ? own(ec2.keyPairs, input.KeyPairId) : findKeyPair(ec2, input.KeyName ?? '')
  if (!pair) return { Return: true }
  delete ec2.keyPairs[pair.id]
  forgetTags(ec2, pair.id)
  return { Return: true, KeyPairId: pair.id }
}
