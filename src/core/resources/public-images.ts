import type { Asking, ResourceDeps } from './deps.js'
import { describeImages, type ImageListing } from './images.js'

export interface PublicImage extends ImageListing {
  /** Who publishes it: `Debian`, `Ubuntu`, `Amazon Linux` or `local cloud`. */
  readonly publisher: string
}

/**
 * Accounts whose images can be trusted to be what their names say, and the names of those for servers.
 * Sources: Debian wiki, Cloud/AmazonEC2Image; Ubuntu on AWS, "Find Ubuntu images"; Amazon Linux 2023 User Guide, "AL2023 on
 * Amazon EC2". The last is no account of AWS: there it owns nothing.
 */
const publishers: readonly Publisher[] = [
  { publisher: 'Debian', owner: '136693071363', names: ['debian-1*'], daily: true },
  { publisher: 'Ubuntu', owner: '099720109477', names: ['ubuntu/images/hvm-ssd*/ubuntu-*-server-*'], daily: true },
  {
    ...{ publisher: 'Amazon Linux', owner: '137112412989', daily: true },
    names: ['al2023-ami-2023.*', 'amzn2-ami-hvm-2*-gp2'],
  },
  { publisher: 'local cloud', owner: '000000000001', names: ['*'], daily: false },
]

interface Publisher {
  readonly publisher: string
  readonly owner: string
  /** Patterns of names. */
  readonly names: readonly string[]
  /** There are thousands, and what is maintained is issued again all the time. */
  readonly daily: boolean
}

export interface PublicImageOptions extends Asking {
  /** Only images with all these words in name, description, publisher, architecture or id, in any letter case. */
  readonly words?: readonly string[]
  /** Older issues of a release too, not only the newest of the last two years for each architecture. */
  readonly all?: boolean
}

/** Images of well-known publishers, newest first. One request for each publisher. */
export async function searchPublicImages(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { words = [], all = false, signal }: PublicImageOptions = {},
): Promise<PublicImage[]> {
  const found = await Promise.all(
    publishers.map(async ({ publisher, owner, names, daily }) => {
      const filters = [
        { Name: 'name', Values: [...names] },
        { Name: 'state', Values: ['available'] },
        ...(daily && !all ? [{ Name: 'creation-date', Values: recentYears() }] : []),
      ]
      const images = await describeImages(aws, { Owners: [owner], Filters: filters }, signal)
      return images.map((image): PublicImage => ({ ...image, publisher }))
    }),
  )
  const newestFirst = found.flat().sort((a, b) => Number(b.createTime ?? 0) - Number(a.createTime ?? 0))
  const matching = newestFirst.filter((image) => words.every((word) => mentions(image, word)))
  return all ? matching : newestOfEach(matching)
}

/** This year and the one before, as the filter takes them. */
function recentYears(): string[] {
  const year = new Date().getUTCFullYear()
  return [`${year}-*`, `${year - 1}-*`]
}

function mentions({ id, name, description = '', publisher, architecture = '' }: PublicImage, word: string): boolean {
  return [id, name, description, publisher, architecture].join(' ').toLowerCase().includes(word.toLowerCase())
}

function newestOfEach(newestFirst: readonly PublicImage[]): PublicImage[] {
  const seen = new Set<string>()
  return newestFirst.filter((image) => {
    const release = releaseOf(image)
    return !seen.has(release) && seen.add(release)
  })
}

/**
 * What an image's name says without the issue: `debian-12-amd64-20260112-1988` and `debian-12-amd64-20251201-1950` are of one
 * release, `al2023-ami-2023.9.20251208.0-kernel-6.1-x86_64` and the same of another day too.
 */
export function releaseOf({
  publisher,
  name,
  architecture = '',
}: Pick<PublicImage, 'publisher' | 'name' | 'architecture'>) {
  return `${publisher} ${architecture} ${name.replace(/20\d{6}([.-]\d+)*/, '').replace(/2023\.\d+\./, '2023.')}`
}
