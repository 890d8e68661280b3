/** What the network of every account begins with: one region of three zones, and the default VPC. */
export const VPC_ID = 'vpc-01078000000000000'
/** All that machines can have addresses of; a quarter is free for subnets of one's own. */
export const VPC_CIDR = '10.78.0.0/16'
export const DHCP_OPTIONS_ID = 'dopt-01078000000000000'
export const DEFAULT_GROUP_ID = 'sg-01078000000000000'

export interface Zone {
  readonly name: string
  readonly id: string
  readonly letter: string
  /** Of the zone's default subnet. */
  readonly cidr: string
}

export const ZONES: readonly Zone[] = ['a', 'b', 'c'].map((letter, index) => ({
  name: `local-${letter}`,
  id: `local-az${index + 1}`,
  letter,
  cidr: `10.78.${index * 64}.0/18`,
}))

export const zoneByName = (name: string | undefined): Zone | undefined => ZONES.find((zone) => zone.name === name)

export const zoneIdOf = (name: string): string | undefined => zoneByName(name)?.id
