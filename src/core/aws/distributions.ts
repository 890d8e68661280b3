/** Where the images of a distribution are found. */
export interface Published {
  /** Account of the publisher in the standard partition of AWS. */
  readonly owner: string
  /** Of the images' names, for DescribeImages. */
  readonly pattern: string
  /** Public parameter that holds the id of the newest image, in every partition. */
  readonly parameter: string
  readonly rootDevice: string
}

/**
 * The images that a name such as `debian-12` means; undefined when it is the name of no distribution we know.
 * @param architecture as EC2 names it, `x86_64` or `arm64`
 * Sources: Debian wiki, Cloud/AmazonEC2Image; Ubuntu on AWS, "Find Ubuntu images"; Amazon Linux 2023 User Guide, "AL2023 on
 * Amazon EC2".
 */
export function distribution(name: string, architecture: string): Published | undefined {
  const short = architecture === 'arm64' ? 'arm64' : 'amd64'
  const [, debian] = /^debian-(\d+)$/.exec(name === 'default' ? 'debian-12' : name) ?? []
  if (debian !== undefined) {
    return {
      owner: '136693071363',
      pattern: `debian-${debian}-${short}-*`,
      parameter: `/aws/service/debian/release/${debian}/latest/${short}`,
      rootDevice: '/dev/xvda',
    }
  }
  const [, ubuntu] = /^ubuntu-(\d\d\.\d\d)$/.exec(name) ?? []
  if (ubuntu !== undefined) {
    return {
      owner: '099720109477',
      pattern: `ubuntu/images/hvm-ssd*/ubuntu-*-${ubuntu}-${short}-server-*`,
      parameter: `/aws/service/canonical/ubuntu/server/${ubuntu}/stable/current/${short}/hvm/ebs-${ubuntu < '23.10' ? 'gp2' : 'gp3'}/ami-id`,
      rootDevice: '/dev/sda1',
    }
  }
  if (name !== 'al2023') return undefined
  const long = architecture === 'arm64' ? 'arm64' : 'x86_64'
  return {
    owner: '137112412989',
    pattern: `al2023-ami-2023.*-${long}`,
    parameter: `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${long}`,
    rootDevice: '/dev/xvda',
  }
}
