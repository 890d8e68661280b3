/** Where the prices are from, as it is told beside each sum. */
export const priceSource = {
  page: 'https://aws.amazon.com/ec2/pricing/on-demand/',
  date: '2025-01',
  what: 'on demand, Linux, shared tenancy, without taxes',
} as const

/** Regions whose prices of the families below are those of us-east-1. */
const pricedRegions: readonly string[] = ['us-east-1', 'us-east-2', 'us-west-2']

/** US dollars an hour of a `large` of families whose sizes cost in proportion. */
const ofLarge: Readonly<Record<string, number>> = {
  t2: 0.0928,
  t3: 0.0832,
  t3a: 0.0752,
  t4g: 0.0672,
  m5: 0.096,
  m5a: 0.086,
  m6a: 0.0864,
  m6g: 0.077,
  m6i: 0.096,
  m7g: 0.0816,
  m7i: 0.1008,
  c5: 0.085,
  c5a: 0.077,
  c6a: 0.0765,
  c6g: 0.068,
  c6i: 0.085,
  c7g: 0.0725,
  c7i: 0.08925,
  r5: 0.126,
  r5a: 0.113,
  r6g: 0.1008,
  r6i: 0.126,
  r7g: 0.1071,
  r7i: 0.1323,
}

/** How many times a `large` each size is. */
const sizes: Readonly<Record<string, number>> = {
  nano: 1 / 16,
  micro: 1 / 8,
  small: 1 / 4,
  medium: 1 / 2,
  large: 1,
  xlarge: 2,
  '2xlarge': 4,
  '4xlarge': 8,
  '8xlarge': 16,
  '9xlarge': 18,
  '12xlarge': 24,
  '16xlarge': 32,
  '18xlarge': 36,
  '24xlarge': 48,
  '32xlarge': 64,
  '48xlarge': 96,
}

/** Types whose price is in no proportion to their size. */
const single: Readonly<Record<string, number>> = {
  'g4dn.xlarge': 0.526,
  'g4dn.2xlarge': 0.752,
  'g4dn.4xlarge': 1.204,
  'g4dn.8xlarge': 2.176,
  'g4dn.12xlarge': 3.912,
  'g4dn.16xlarge': 4.352,
  'g5.xlarge': 1.006,
  'g5.2xlarge': 1.212,
  'g5.4xlarge': 1.624,
  'g5.8xlarge': 2.448,
  'g5.12xlarge': 5.672,
  'g5.16xlarge': 4.096,
  'g5.24xlarge': 8.144,
  'g5.48xlarge': 16.288,
}

/** US dollars for a GiB a month, by volume type. Source: https://aws.amazon.com/ebs/pricing/ */
const volumeGibMonth: Readonly<Record<string, number>> = { gp3: 0.08, gp2: 0.1, st1: 0.045, sc1: 0.015, standard: 0.05 }

/** A public IPv4 address, in use or not. Source: https://aws.amazon.com/vpc/pricing/ */
const publicAddressHour = 0.005

/** As AWS counts a month. */
export const hoursPerMonth = 730

/** Prices of a region in US dollars an hour; each is undefined where it is not known. */
export interface HourlyPrices {
  instance(type: string): number | undefined
  volume(type: string, gib: number): number | undefined
  readonly publicAddress: number | undefined
}

/** What things cost in a region of AWS, as far as the table says it. */
export function pricesIn(region: string): HourlyPrices {
  if (!pricedRegions.includes(region)) {
    return { instance: () => undefined, volume: () => undefined, publicAddress: undefined }
  }
  return {
    instance: onDemand,
    volume: (type, gib) => {
      const month = volumeGibMonth[type]
      return month === undefined ? undefined : (month * gib) / hoursPerMonth
    },
    publicAddress: publicAddressHour,
  }
}

function onDemand(type: string): number | undefined {
  const [family = '', size = ''] = type.split('.')
  const large = ofLarge[family]
  const factor = sizes[size]
  if (large === undefined || factor === undefined) return single[type]
  return Math.round(large * factor * 1e5) / 1e5
}
