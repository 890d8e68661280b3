import { AwsError, invalidCombination, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import type { VolumeSettings, VolumeType } from './records.js'

interface Limits {
  /** GiB, smallest and largest. */
  readonly size: readonly [number, number]
  /** Smallest and largest that can be asked for, and how many a GiB may have. */
  readonly iops?: readonly [number, number]
  readonly iopsPerGiB?: number
}

/** Sources: EC2 API reference, CreateVolume; EBS User Guide, "Amazon EBS volume types", for the ratios. */
const TYPES: Readonly<Record<VolumeType, Limits>> = {
  gp3: { size: [1, 65_536], iops: [3000, 80_000], iopsPerGiB: 500 },
  gp2: { size: [1, 16_384] },
  io1: { size: [4, 16_384], iops: [100, 64_000], iopsPerGiB: 50 },
  io2: { size: [4, 65_536], iops: [100, 256_000], iopsPerGiB: 1000 },
  st1: { size: [125, 16_384] },
  sc1: { size: [125, 16_384] },
  standard: { size: [1, 1024] },
}

const THROUGHPUT = { smallest: 125, largest: 2000, perIops: 0.25 }

export interface AskedSettings {
  readonly size: number
  readonly type: string
  readonly iops?: number | undefined
  readonly throughput?: number | undefined
}

/**
 * A volume's settings with what its type adds: gp2 has 3 operations per second for each GiB, gp3 3000 and 125 MiB/s unless
 * more is asked for.
 *
 * @throws AwsError InvalidParameterValue, InvalidParameterCombination, MissingParameter
 */
export function checkSettings({ size, type, iops, throughput }: AskedSettings): VolumeSettings {
  if (!isVolumeType(type)) {
    throw new AwsError('UnknownVolumeType', `Unsupported volume type '${type}' for volume creation.`)
  }
  checkSize(size, type)
  if (throughput !== undefined && type !== 'gp3') {
    throw invalidCombination('throughput can only be specified for volumeType gp3.')
  }
  if (!TYPES[type].iops) {
    if (iops !== undefined) throw invalidCombination(`The parameter iops is not supported for ${type} volumes.`)
    return type === 'gp2' ? { size, type, iops: Math.max(100, Math.min(16_000, 3 * size)) } : { size, type }
  }
  if (type !== 'gp3') {
    if (iops === undefined) throw missingParameter('iops')
    checkIops(iops, size, type)
    return { size, type, iops }
  }
  if (iops !== undefined) checkIops(iops, size, type)
  const { smallest, largest, perIops } = THROUGHPUT
  const settings = { size, type, iops: iops ?? 3000, throughput: throughput ?? smallest }
  if (!Number.isInteger(settings.throughput) || settings.throughput < smallest || settings.throughput > largest) {
    throw invalidValue(throughput, 'throughput', `It must be between ${smallest} and ${largest} MiB/s.`)
  }
  if (settings.throughput > settings.iops * perIops) {
    const ratio = (settings.throughput / settings.iops).toFixed(6)
    const message = `Throughput (MiBps) to iops ratio of ${ratio} is too high; maximum is ${perIops.toFixed(6)} MiBps per iops.`
    throw new AwsError('InvalidParameterValue', message)
  }
  return settings
}

export const isVolumeType = (type: string): type is VolumeType => Object.hasOwn(TYPES, type)

export const hasIops = (type: VolumeType) => TYPES[type].iops !== undefined

function checkSize(size: number, type: VolumeType): void {
  const [smallest, largest] = TYPES[type].size
  if (Number.isInteger(size) && size >= smallest && size <= largest) return
  const limit = size > largest ? `large; maximum is ${largest}` : `small; minimum is ${smallest}`
  throw new AwsError('InvalidParameterValue', `Volume of ${size}GiB is too ${limit}GiB.`)
}

function checkIops(iops: number, size: number, type: VolumeType): void {
  const { iops: [smallest, largest] = [0, 0], iopsPerGiB = 0 } = TYPES[type]
  if (!Number.isInteger(iops) || iops < smallest) {
    throw new AwsError('InvalidParameterValue', `Volume iops of ${iops} is too low; minimum is ${smallest}.`)
  }
  if (iops > largest) {
    throw new AwsError('InvalidParameterValue', `Volume iops of ${iops} is too high; maximum is ${largest}.`)
  }
  // A gp3 volume of any size has its 3000.
  if (iops <= size * iopsPerGiB || (type === 'gp3' && iops === smallest)) return
  const ratio = (iops / size).toFixed(6)
  throw new AwsError(
    'InvalidParameterValue',
    `Iops to volume size ratio of ${ratio} is too high; maximum is ${iopsPerGiB}.`,
  )
}
