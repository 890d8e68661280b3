import type { ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'

/** Source: EC2 User Guide, "Tag your Amazon EC2 resources", "Tag restrictions". */
const LIMITS = { tags: 50, keyLength: 128, valueLength: 256 }

const NONE: Readonly<Record<string, string>> = Object.freeze({})

export function tagsOf(state: Ec2State, id: string): Readonly<Record<string, string>> {
  return own(state.tags, id) ?? NONE
}

/** A resource's tags as an answer has them; undefined (no element at all) when it has none. */
export function tagList(state: Ec2State, id: string): Tag[] | undefined {
  const tags = own(state.tags, id)
  return tags && Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** @throws AwsError for keys and values EC2 would not take */
export function parseTags(tags: readonly Tag[] | undefined): Map<string, string> {
  const parsed = new Map<string, string>()
  for (const { Key: key, Value: value = '' } of tags ?? []) {
    if (key === undefined) throw missingParameter('Tag.Key')
    checkTag(key, value)
    if (parsed.has(key)) throw new AwsError('InvalidParameterValue', `Duplicate tag key '${key}' specified.`)
    parsed.set(key, value)
  }
  if (parsed.size > LIMITS.tags) throw tooMany()
  return parsed
}

function checkTag(key: string, value: string): void {
  const refuse = (message: string) => new AwsError('InvalidParameterValue', message)
  if (key === '') throw refuse('Tag key cannot be empty.')
  if (key.length > LIMITS.keyLength)
    throw refuse(`Tag key exceeds the maximum length of ${LIMITS.keyLength} characters.`)
  if (value.length > LIMITS.valueLength) {
    throw refuse(`Tag value exceeds the maximum length of ${LIMITS.valueLength} characters.`)
  }
  if (/^aws:/i.test(key)) throw refuse("Tag keys starting with 'aws:' are reserved for internal use")
}

const tooMany = () => new AwsError('TagLimitExceeded', `The maximum number of tags for a resource is ${LIMITS.tags}.`)

/** @throws AwsError TagLimitExceeded; nothing is changed then */
export function checkRoom(state: Ec2State, id: string, added: ReadonlyMap<string, string>): void {
  const keys = new Set([...Object.keys(tagsOf(state, id)), ...added.keys()])
  if (keys.size > LIMITS.tags) throw tooMany()
}

export function putTags(state: Ec2State, id: string, tags: ReadonlyMap<string, string>): void {
  if (tags.size === 0) return
  // Entries, not assignment: a tag may be called __proto__.
  state.tags[id] = Object.fromEntries([...Object.entries(tagsOf(state, id)), ...tags])
}

export function forgetTags(state: Ec2State, id: string): void {
  delete state.tags[id]
}

/**
 * Tags given with the request that makes the resources, per resource type.
 *
 * @param allowed types this action makes
 * @throws AwsError InvalidParameterValue for another type
 */
export function parseTagSpecifications(
  specifications: readonly TagSpecification[] | undefined,
  allowed: readonly ResourceType[],
): Map<ResourceType, Map<string, string>> {
  const parsed = new Map<ResourceType, Map<string, string>>()
  for (const { ResourceType: type, Tags: tags } of specifications ?? []) {
    if (type === undefined) throw missingParameter('TagSpecification.ResourceType')
    if (!allowed.includes(type)) {
      const message = `'${type}' is not a valid taggable resource type for this operation.`
      throw new AwsError('InvalidParameterValue', message)
    }
    if (parsed.has(type))
      throw new AwsError('InvalidParameterValue', `Duplicate resource type '${type}' in tag specifications.`)
    parsed.set(type, parseTags(tags))
  }
  return parsed
}

/** Tags for the one kind of resource an action makes. */
export function parseTagSpecification(specifications: readonly TagSpecification[] | undefined, type: ResourceType) {
  return parseTagSpecifications(specifications, [type]).get(type) ?? new Map<string, string>()
}
