import type { Ec2State, ImageRecord } from '../ec2/state.js'

/**
 * The image that a public parameter leads to: the local one of that distribution and architecture, where there is one.
 *
 * @param name e.g. `/aws/service/debian/release/12/latest/amd64`
 * Sources: Debian wiki, Cloud/AmazonEC2Image; Ubuntu on AWS, "Find Ubuntu images"; Amazon Linux 2023 User Guide, "AL2023 on
 * Amazon EC2".
 */
export function imageOfParameter(state: Ec2State, name: string): ImageRecord | undefined {
  for (const [pattern, image] of PUBLISHED) {
    const [found, version = '', architecture = ''] = pattern.exec(name) ?? []
    if (found === undefined) continue
    const wanted = ARCHITECTURES[architecture]
    return Object.values(state.images).findLast(
      (one) => one.name === image(version) && one.architecture === wanted && (one.state ?? 'available') === 'available',
    )
  }
  return undefined
}

/** Of each publisher: its parameters for the newest image, with version and architecture, and the local image's name. */
const PUBLISHED: readonly (readonly [RegExp, (version: string) => string])[] = [
  [/^\/aws\/service\/debian\/release\/(\d+)\/latest\/(amd64|arm64)$/, (version) => `debian-${version}`],
  [
    /^\/aws\/service\/canonical\/ubuntu\/server\/(\d\d\.\d\d)\/stable\/current\/(amd64|arm64)\/hvm\/ebs-gp[23]\/ami-id$/,
    (version) => `ubuntu-${version}`,
  ],
  [
    /^\/aws\/service\/ami-amazon-linux-latest\/(al2023)-ami-kernel-(?:default|\d+\.\d+)-(x86_64|arm64)$/,
    (version) => version,
  ],
]

const ARCHITECTURES: Readonly<Record<string, ImageRecord['architecture']>> = {
  amd64: 'x86_64',
  x86_64: 'x86_64',
  arm64: 'arm64',
}
