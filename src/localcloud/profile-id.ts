import { createHash } from 'node:crypto'

/** IAM's unique id of a role (AROA) or an instance profile (AIPA): here it follows from the name. */
export const profileId = (prefix: 'AIPA' | 'AROA', name: string): string =>
  prefix + createHash('sha256').update(`${prefix} ${name}`).digest('hex').toUpperCase().slice(0, 17)
