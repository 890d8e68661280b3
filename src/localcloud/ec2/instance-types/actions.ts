import type {
  _InstanceType,
  ArchitectureType,
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
  InstanceTypeOffering,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { type FilterTable, filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { ZONES } from '../vpc/zones.js'
import { INSTANCE_TYPES, type InstanceType, placementStrategies } from './types.js'

const byName =
  <T>(nameOf: (item: T) => string) =>
  (a: T, b: T) =>
    nameOf(a) < nameOf(b) ? -1 : 1

const architecture: ArchitectureType = process.arch === 'arm64' ? 'arm64' : 'x86_64'

export function describeInstanceTypes(input: DescribeInstanceTypesRequest): DescribeInstanceTypesResult {
  const { InstanceTypes: names = [] } = input
  if (names.length > 0 && input.MaxResults !== undefined) {
    throw invalidCombination('The parameter InstanceTypes cannot be used with the parameter MaxResults')
  }
  const unknown = names.filter((name) => !INSTANCE_TYPES.has(name))
  if (unknown.length > 0) {
    const message = `The following supplied instance types do not exist: [${unknown.join(', ')}]`
    throw new AwsError('InvalidInstanceType', message)
  }
  const matches = filterBy(input.Filters, FILTERS)
  endDryRun(input)
  const types = [...INSTANCE_TYPES.values()].filter(
    (type) => (names.length === 0 || names.includes(type.name as _InstanceType)) && matches(type),
  )
  types.sort(byName((type) => type.name))
  const { page, NextToken } = paginate(types, (type) => type.name, input, { min: 5, max: 100 })
  return { InstanceTypes: page.map(describeType), NextToken }
}

const FILTERS: FilterTable<InstanceType> = {
  'instance-type': (type) => type.name,
  'vcpu-info.default-vcpus': (type) => type.vcpus,
  'vcpu-info.default-cores': (type) => type.vcpus / 2,
  'memory-info.size-in-mib': (type) => type.memoryMiB,
  'processor-info.supported-architecture': () => architecture,
  'burstable-performance-supported': (type) => type.burstable,
  'current-generation': () => true,
  'bare-metal': () => false,
  'free-tier-eligible': () => false,
  'placement-group-info.supported-strategies': placementStrategies,
  hypervisor: () => 'nitro',
  'instance-storage-supported': () => false,
  'supported-root-device-type': () => 'ebs',
  'supported-usage-class': () => 'on-demand',
  'supported-virtualization-type': () => 'hvm',
}

function describeType(type: InstanceType): InstanceTypeInfo {
  return {
    InstanceType: type.name as _InstanceType,
    CurrentGeneration: true,
    FreeTierEligible: false,
    SupportedUsageClasses: ['on-demand'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: 'nitro',
    ProcessorInfo: { SupportedArchitectures: [architecture], SustainedClockSpeedInGhz: type.clockGhz },
    VCpuInfo: { DefaultVCpus: type.vcpus, DefaultCores: type.vcpus / 2, DefaultThreadsPerCore: 2 },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: false,
    EbsInfo: { EbsOptimizedSupport: 'default', EncryptionSupport: 'unsupported', NvmeSupport: 'unsupported' },
    NetworkInfo: {
      NetworkPerformance: type.network,
      MaximumNetworkInterfaces: type.maxInterfaces,
      Ipv4AddressesPerInterface: type.addressesPerInterface,
      Ipv6Supported: false,
      EnaSupport: 'required',
      EfaSupported: false,
    },
    PlacementGroupInfo: { SupportedStrategies: placementStrategies(type) },
    HibernationSupported: false,
    BurstablePerformanceSupported: type.burstable,
    DedicatedHostsSupported: false,
    AutoRecoverySupported: false,
    SupportedBootModes: ['legacy-bios'],
  }
}

/** Every type is to be had in every zone. */
export function describeInstanceTypeOfferings(
  input: DescribeInstanceTypeOfferingsRequest,
  cloud: Cloud,
): DescribeInstanceTypeOfferingsResult {
  const where = input.LocationType ?? 'region'
  const locations = {
    region: [cloud.region],
    'availability-zone': ZONES.map(({ name }) => name),
    'availability-zone-id': ZONES.map(({ id }) => id),
  }
  if (!Object.hasOwn(locations, where)) throw invalidValue(where, 'LocationType')
  const matches = filterBy<InstanceTypeOffering>(input.Filters, {
    'instance-type': (offering) => offering.InstanceType,
    location: (offering) => offering.Location,
  })
  endDryRun(input)
  const offerings = locations[where as keyof typeof locations].flatMap((Location) =>
    [...INSTANCE_TYPES.keys()].map(
      (name): InstanceTypeOffering => ({
        InstanceType: name as _InstanceType,
        LocationType: where,
        Location,
      }),
    ),
  )
  const keyOf = (offering: InstanceTypeOffering) => `${offering.InstanceType} ${offering.Location}`
  const { page, NextToken } = paginate(offerings.filter(matches).sort(byName(keyOf)), keyOf, input)
  return { InstanceTypeOfferings: [...page], NextToken }
}
