import type { PlacementGroupStrategy } from '@aws-sdk/client-ec2'

export interface InstanceType {
  readonly name: string
  readonly vcpus: number
  readonly memoryMiB: number
  readonly burstable: boolean
  readonly clockGhz: number
  readonly maxInterfaces: number
  readonly addressesPerInterface: number
  readonly network: string
}

/** One row a size: vCPUs, memory in GiB, network interfaces, IPv4 addresses for each, network performance. */
type Row = readonly [
  size: string,
  vcpus: number,
  memoryGiB: number,
  interfaces: number,
  addresses: number,
  network: string,
]

/** Source: docs.aws.amazon.com/ec2/latest/instancetypes (general purpose, compute and memory optimized). */
const FAMILIES: Readonly<
  Record<string, { readonly burstable?: true; readonly clockGhz: number; readonly rows: readonly Row[] }>
> = {
  t3: {
    burstable: true,
    clockGhz: 2.5,
    rows: [
      ['nano', 2, 0.5, 2, 2, 'Up to 5 Gigabit'],
      ['micro', 2, 1, 2, 2, 'Up to 5 Gigabit'],
      ['small', 2, 2, 3, 4, 'Up to 5 Gigabit'],
      ['medium', 2, 4, 3, 6, 'Up to 5 Gigabit'],
      ['large', 2, 8, 3, 12, 'Up to 5 Gigabit'],
      ['xlarge', 4, 16, 4, 15, 'Up to 5 Gigabit'],
      ['2xlarge', 8, 32, 4, 15, 'Up to 5 Gigabit'],
    ],
  },
  m5: { clockGhz: 3.1, rows: sizes(4, [2, 4, 8, 16, 32, 48, 64, 96]) },
  c5: { clockGhz: 3.4, rows: sizes(2, [2, 4, 8, 16, 36, 48, 72, 96]) },
  r5: { clockGhz: 3.1, rows: sizes(8, [2, 4, 8, 16, 32, 48, 64, 96]) },
}

/** m5, c5 and r5 differ in memory for each vCPU; a size's name is its vCPUs over four, `large` and `xlarge` the smallest. */
function sizes(gibPerVcpu: number, vcpus: readonly number[]): Row[] {
  return vcpus.map((count): Row => {
    const size = count === 2 ? 'large' : count === 4 ? 'xlarge' : `${count / 4}xlarge`
    const [interfaces, addresses] =
      count <= 2 ? [3, 10] : count <= 4 ? [4, 15] : count <= 8 ? [4, 15] : count <= 48 ? [8, 30] : [15, 50]
    const network =
      count <= 16
        ? 'Up to 10 Gigabit'
        : count <= 36
          ? '10 Gigabit'
          : count <= 48
            ? '12 Gigabit'
            : count < 96
              ? '20 Gigabit'
              : '25 Gigabit'
    return [size, count, count * gibPerVcpu, interfaces, addresses, network]
  })
}

export const INSTANCE_TYPES: ReadonlyMap<string, InstanceType> = new Map(
  Object.entries(FAMILIES).flatMap(([family, { burstable = false, clockGhz, rows }]) =>
    rows.map(([size, vcpus, memoryGiB, maxInterfaces, addressesPerInterface, network]) => {
      const name = `${family}.${size}`
      const memoryMiB = memoryGiB * 1024
      const type = { name, vcpus, memoryMiB, burstable, clockGhz, maxInterfaces, addressesPerInterface, network }
      return [name, type] as const
    }),
  ),
)

/** Source: EC2 User Guide, "Placement groups": burstable types may not be in a cluster placement group. */
export function placementStrategies({ burstable }: InstanceType): PlacementGroupStrategy[] {
  return burstable ? ['partition', 'spread'] : ['cluster', 'partition', 'spread']
}

export const DEFAULT_INSTANCE_TYPE = 't3.small'
