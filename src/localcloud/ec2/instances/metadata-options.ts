import type { InstanceMetadataOptionsRequest, InstanceMetadataOptionsResponse } from '@aws-sdk/client-ec2'
import { invalidValue } from '../../protocol/aws-error.js'
import type { InstanceMetadataSettings } from '../state.js'

/** Tokens are required (IMDSv2) unless a request says otherwise. */
export const DEFAULT_METADATA: InstanceMetadataSettings = {
  tokens: 'required',
  endpoint: 'enabled',
  tags: 'disabled',
  hopLimit: 2,
}

export function mergeMetadata(
  before: InstanceMetadataSettings,
  asked: InstanceMetadataOptionsRequest,
): InstanceMetadataSettings {
  const hopLimit = asked.HttpPutResponseHopLimit ?? before.hopLimit
  if (!Number.isInteger(hopLimit) || hopLimit < 1 || hopLimit > 64) {
    throw invalidValue(hopLimit, 'MetadataOptions.HttpPutResponseHopLimit', 'It must be between 1 and 64.')
  }
  if (asked.HttpProtocolIpv6 === 'enabled') throw invalidValue('enabled', 'MetadataOptions.HttpProtocolIpv6')
  return {
    tokens: oneOf('HttpTokens', asked.HttpTokens, ['optional', 'required'], before.tokens),
    endpoint: oneOf('HttpEndpoint', asked.HttpEndpoint, ['enabled', 'disabled'], before.endpoint),
    tags: oneOf('InstanceMetadataTags', asked.InstanceMetadataTags, ['enabled', 'disabled'], before.tags),
    hopLimit,
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[], otherwise: T): T {
  if (value === undefined) return otherwise
  const known = allowed.find((candidate) => candidate === value)
  if (known === undefined) throw invalidValue(value, `MetadataOptions.${name}`)
  return known
}

export function describeMetadataOptions(settings: InstanceMetadataSettings): InstanceMetadataOptionsResponse {
  return {
    State: 'applied',
    HttpTokens: settings.tokens,
    HttpEndpoint: settings.endpoint,
    HttpPutResponseHopLimit: settings.hopLimit,
    HttpProtocolIpv6: 'disabled',
    InstanceMetadataTags: settings.tags,
  }
}
