import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  TagDescription,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { requireResources, resourceType } from './resources.js'
import { checkRoom, parseTags, putTags, tagsOf } from './tags.js'

/** Adds tags to resources or gives those of the same key another value; all of them or none. */
export function createTags(input: CreateTagsRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const ids = [...new Set(input.Resources)]
  const tags = parseTags(input.Tags)
  requireResources(ec2, ids)
  for (const id of ids) checkRoom(ec2, id, tags)
  endDryRun(input)
  for (const id of ids) putTags(ec2, id, tags)
}

/**
 * A tag with a value goes only when it has that value; without one, whatever its value; no tags at all: every one goes.
 * A tag that is not there is no error.
 */
export function deleteTags(input: DeleteTagsRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  for (const tag of input.Tags ?? []) if (tag.Key === undefined) throw missingParameter('Tag.Key')
  requireResources(ec2, input.Resources ?? [])
  endDryRun(input)
  const goes = (key: string, value: string) =>
    !input.Tags?.length || input.Tags.some((tag) => tag.Key === key && (tag.Value ?? value) === value)
  for (const id of input.Resources ?? []) {
    const kept = Object.entries(tagsOf(ec2, id)).filter(([key, value]) => !goes(key, value))
    if (kept.length > 0) ec2.tags[id] = Object.fromEntries(kept)
    else delete ec2.tags[id]
  }
}

export function describeTags(input: DescribeTagsRequest, cloud: Cloud): DescribeTagsResult {
  const matches = filterBy<TagDescription>(
    input.Filters,
    {
      key: (tag) => tag.Key,
      value: (tag) => tag.Value,
      'resource-id': (tag) => tag.ResourceId,
      'resource-type': (tag) => tag.ResourceType,
    },
    (tag) => ({ [tag.Key ?? '']: tag.Value ?? '' }),
  )
  const all: TagDescription[] = []
  for (const [id, tags] of Object.entries(cloud.state.ec2.tags)) {
    for (const [Key, Value] of Object.entries(tags)) {
      const description = { ResourceId: id, ResourceType: resourceType(id), Key, Value } as TagDescription
      if (matches(description)) all.push(description)
    }
  }
  endDryRun(input)
  const keyOf = (tag: TagDescription) => `${tag.ResourceId} ${tag.Key}`
  all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const { page, NextToken } = paginate(all, keyOf, input)
  return { Tags: [...page], NextToken }
}
