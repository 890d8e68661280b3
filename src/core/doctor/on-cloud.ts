import { abortable, describeCaller } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { describeInstances } from '../aws/instances.js'
import { findNetwork } from '../aws/network.js'
import { previewStart } from '../cluster/preview.js'
import { StarClusterError } from '../errors.js'
import { Concern, type DoctorDeps, type Probe } from './check.js'

class NotAllowed extends StarClusterError {
  readonly code = 'NotAllowed'
}

const policy = '"starcluster iam-policy" prints what these credentials should be allowed'

/** Requests carry a time, and are refused when it is wrong. Source: IAM User Guide, "Troubleshoot Signature Version 4". */
export const clock: Probe = {
  name: 'network and clock',
  async try({ aws, region }, signal) {
    const url = (await aws.endpoint()).url ?? `https://ec2.${region.name}.amazonaws.com`
    const asked = Date.now()
    const date = (await reach(url, signal)).headers.get('date')
    if (date === null) return 'the endpoint answers, and does not tell its time'
    const middle = (asked + Date.now()) / 2
    const seconds = Math.round((middle - Date.parse(date)) / 1000)
    if (Math.abs(seconds) > tolerableSeconds) {
      throw new NotAllowed(`this computer's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'fast' : 'slow'}`, {
        hint: 'set it (timedatectl set-ntp true): AWS refuses requests of a time that is 5 minutes wrong',
      })
    }
    return Math.abs(seconds) <= 2
      ? 'the endpoint answers, the clock is right'
      : `the clock is ${seconds} s off, which does no harm`
  },
}

async function reach(url: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, { method: 'HEAD', ...(signal ? { signal } : {}) })
  } catch (error) {
    if (signal?.aborted) throw error
    const { cause } = error as Error
    throw new NotAllowed(`${url} cannot be reached: ${cause instanceof Error ? cause.message : String(error)}`, {
      hint: 'check the network of this computer, and whether it needs a proxy',
    })
  }
}

/** A margin below AWS's five minutes. */
const tolerableSeconds = 240

/** The credentials are there and AWS takes them. */
export const account: Probe = {
  name: 'credentials',
  after: clock.name,
  async try({ aws, region }, signal) {
    const { account: number, arn } = await describeCaller(aws.sts, signal)
    return `account ${number}, ${arn}, region ${region.name}`
  },
}

/** May look at what clusters are made of. */
export const mayLook: Probe = {
  name: 'permission to look',
  after: account.name,
  async try({ aws: { ec2 } }, signal) {
    const some = { MaxResults: 5 }
    const options = abortable(signal)
    const asked: Record<string, () => Promise<unknown>> = {
      DescribeInstances: () => ec2.describeInstances(some, options),
      DescribeSecurityGroups: () => ec2.describeSecurityGroups(some, options),
      DescribeKeyPairs: () => ec2.describeKeyPairs({}, options),
      DescribeImages: () => ec2.describeImages({ Owners: ['self'] }, options),
      DescribeVolumes: () => ec2.describeVolumes(some, options),
      DescribeSubnets: () => ec2.describeSubnets({}, options),
      DescribeAvailabilityZones: () => ec2.describeAvailabilityZones({}, options),
      DescribeSpotInstanceRequests: () => ec2.describeSpotInstanceRequests({}, options),
    }
    return refuseMissing(await refusedOf(asked), Object.keys(asked))
  },
}

/** May make what a cluster needs besides its instances. */
export const mayMake: Probe = {
  name: 'permission to make',
  after: account.name,
  async try({ aws: { ec2 } }, signal) {
    const { vpcId } = await findNetwork(ec2, undefined, signal).catch(() => ({ vpcId: undefined }))
    const options = abortable(signal)
    const zone = (await ec2.describeAvailabilityZones({}, options)).AvailabilityZones?.[0]?.ZoneName
    const asked: Record<string, () => Promise<unknown>> = {
      CreateSecurityGroup: () =>
        ec2.createSecurityGroup(
          { DryRun: true, GroupName: '@sc-doctor', Description: 'not made', ...(vpcId ? { VpcId: vpcId } : {}) },
          options,
        ),
      CreateVolume: () => ec2.createVolume({ DryRun: true, AvailabilityZone: zone ?? '', Size: 1 }, options),
    }
    return refuseMissing(await refusedOf(asked), Object.keys(asked))
  },
}

/** The default template could be started: image, types, zone, network, key, and EC2's own answer. */
export const mayLaunch: Probe = {
  name: 'a start',
  after: account.name,
  async try(deps, signal) {
    const { nodes, network, securityGroup } = await previewStart(quiet(deps), deps.pool, freeName(), {
      ...(signal ? { signal } : {}),
    })
    const kinds = nodes.map(({ aliases, instanceType, image }) => `${aliases.length} ${instanceType} of ${image.id}`)
    return `${kinds.join(', ')} in ${network.subnetId ?? network.vpcId}; ${securityGroup.rules.filter((rule) => rule.startsWith('tcp 22')).join(', ')}`
  },
}

/** Source: EC2 User Guide, "Amazon EC2 service quotas": running on-demand standard instances, in virtual CPUs. */
const quota = 'aws service-quotas get-service-quota --service-code ec2 --quota-code L-1216C47A'

/** How much runs already. EC2 itself does not tell its limits. */
export const limits: Probe = {
  name: 'limits',
  after: account.name,
  async try({ aws }, signal) {
    const states = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }]
    const running = await describeInstances(aws.ec2, states, signal)
    const cpus = running.reduce(
      (sum, { CpuOptions: { CoreCount = 1, ThreadsPerCore = 1 } = {} }) => sum + CoreCount * ThreadsPerCore,
      0,
    )
    const { url } = await aws.endpoint()
    return `${running.length} instances run, with ${cpus} virtual CPUs${url === undefined ? `; the limit: ${quota}` : ''}`
  },
}

/** A name that no cluster has: the check must not be refused for it. */
const freeName = () => `doctor-${process.pid}`

/** What a start would warn of is said by the doctor in its own words. */
function quiet(deps: DoctorDeps): DoctorDeps {
  const silent = { ...deps.log, info: () => undefined, warn: () => undefined }
  return { ...deps, log: Object.assign(Object.create(Object.getPrototypeOf(deps.log)), silent) }
}

/** Which of these calls the credentials may not make. A call that is refused for another reason was allowed. */
async function refusedOf(asked: Record<string, () => Promise<unknown>>): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(asked).map(async ([action, ask]) => {
      try {
        await ask()
        return []
      } catch (error) {
        if (isAwsError(error, 'UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException')) return [action]
        if (isAwsError(error, 'DryRunOperation')) return []
        throw error
      }
    }),
  )
  return answers.flat()
}

function refuseMissing(refused: readonly string[], asked: readonly string[]): string {
  if (refused.length === 0) return `${asked.length} kinds of requests are allowed`
  const text = `these credentials may not ${refused.map((action) => `ec2:${action}`).join(', ')}`
  if (refused.includes('DescribeSpotInstanceRequests') && refused.length === 1) throw new Concern(text, policy)
  throw new NotAllowed(text, { hint: policy })
}
