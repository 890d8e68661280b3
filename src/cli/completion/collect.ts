import type { Tag } from '@aws-sdk/client-ec2'
import type { StarCluster } from '../../index.js'
import { daemonStatus } from '../../localcloud/control.js'
import type { CliContext } from '../context.js'
import { openStarCluster } from '../open.js'
import type { Candidate } from './candidates.js'
import { endLook, type Names, namesFile, noNames, writeNames } from './names.js'

/**
 * Asks for all names of the region and keeps them for the next Tab. Never starts the local cloud: nobody who presses Tab
 * asked for that.
 *
 * @param globals as they were given on the command line that is completed
 */
export async function collectNames(
  cli: Pick<CliContext, 'globals' | 'env' | 'signal'>,
  globals: readonly string[],
): Promise<void> {
  const file = namesFile(cli.env, globals)
  try {
    const sc = await openStarCluster(cli, [])
    try {
      writeNames(file, await namesOf(sc, cli))
    } finally {
      await sc.close()
    }
  } finally {
    endLook(file)
  }
}

async function namesOf(sc: StarCluster, { env, signal }: Pick<CliContext, 'env' | 'signal'>): Promise<Names> {
  const fromConfig = { ...noNames, region: [{ word: 'local' }], ...namesInConfig(sc) }
  if (sc.region.name === 'local' && !(await daemonStatus(env, signal)).running) return fromConfig
  const { ec2 } = sc.aws
  const [cluster, instance, volume, image, key, zone, region] = await Promise.all([
    lenient(clusterNames(sc)),
    lenient(
      ec2.describeInstances({}).then(({ Reservations = [] }) =>
        Reservations.flatMap(({ Instances = [] }) => Instances)
          .filter(({ State }) => State?.Name !== 'terminated')
          .map(({ InstanceId, State, Tags }) => ({
            word: InstanceId ?? '',
            meaning: `${nameIn(Tags)} ${State?.Name}`.trim(),
          })),
      ),
    ),
    lenient(
      ec2.describeVolumes({}).then(({ Volumes = [] }) =>
        Volumes.map(({ VolumeId, Size, State, Tags }) => ({
          word: VolumeId ?? '',
          meaning: `${nameIn(Tags)} ${Size} GiB ${State}`.trim(),
        })),
      ),
    ),
    lenient(
      ec2
        .describeImages({ Owners: ['self'] })
        .then(({ Images = [] }) =>
          Images.flatMap(({ ImageId, Name }) => [
            { word: ImageId ?? '', ...(Name ? { meaning: Name } : {}) },
            ...(Name ? [{ word: Name }] : []),
          ]),
        ),
    ),
    lenient(
      ec2.describeKeyPairs({}).then(({ KeyPairs = [] }) => KeyPairs.map(({ KeyName }) => ({ word: KeyName ?? '' }))),
    ),
    lenient(
      ec2
        .describeAvailabilityZones({})
        .then(({ AvailabilityZones = [] }) => AvailabilityZones.map(({ ZoneName }) => ({ word: ZoneName ?? '' }))),
    ),
    lenient(
      ec2.describeRegions({}).then(({ Regions = [] }) => Regions.map(({ RegionName }) => ({ word: RegionName ?? '' }))),
    ),
  ])
  const local = region.some(({ word }) => word === 'local') ? [] : fromConfig.region
  return {
    ...fromConfig,
    cluster,
    instance,
    volume,
    image,
    key: merged(key, fromConfig.key),
    zone,
    region: [...local, ...region],
  }
}

function namesInConfig(sc: StarCluster): Pick<Names, 'template' | 'plugin' | 'key'> {
  const config = sc.config()
  const words = (names: Iterable<string>) => [...names].map((word) => ({ word }))
  return {
    template: words(config.templateNames),
    plugin: words(config.plugins.keys()),
    key: words(config.keys.keys()),
  }
}

async function clusterNames(sc: StarCluster): Promise<Names['cluster']> {
  return (await sc.cm.listClusters()).map(({ tag, nodes }) => ({
    word: tag,
    meaning: nodes.length === 1 ? '1 node' : `${nodes.length} nodes`,
    nodes: nodes.map(({ alias }) => alias),
  }))
}

/** What may not be asked, or cannot be asked now, is not offered. */
async function lenient<T>(asked: Promise<readonly T[]>): Promise<readonly T[]> {
  return asked.catch(() => [])
}

const nameIn = (tags: readonly Tag[] = []) => tags.find(({ Key }) => Key === 'Name')?.Value ?? ''

function merged(one: readonly Candidate[], other: readonly Candidate[]): Candidate[] {
  const words = new Set(one.map(({ word }) => word))
  return [...one, ...other.filter(({ word }) => !words.has(word))]
}
