import { EC2, type Instance } from '@aws-sdk/client-ec2'
import { settled } from '../../../src/localcloud/ec2/index.js'
import { type EngineHook, NullEngine } from '../../../src/localcloud/ec2/null-engine.js'
import { createInProcessCloud, type InProcessCloudOptions } from '../../../src/localcloud/in-process.js'

/** The real SDK client before an in-process cloud without nodes. */
export function testCloud(
  options: Omit<InProcessCloudOptions, 'engine'> & { hook?: EngineHook; publicPrefix?: string } = {},
) {
  const { hook, publicPrefix, ...rest } = options
  const engine = new NullEngine({ ...(hook ? { hook } : {}), ...(publicPrefix ? { publicPrefix } : {}) })
  const { cloud, clientConfig } = createInProcessCloud({ ...rest, engine })
  const ec2 = new EC2(clientConfig)
  return {
    cloud,
    engine,
    ec2,
    settled: () => settled(cloud),
    launch: async (count = 1, input: object = {}): Promise<Instance[]> => {
      const { Instances = [] } = await ec2.runInstances({
        ImageId: 'default',
        MinCount: count,
        MaxCount: count,
        ...input,
      })
      await settled(cloud)
      return Instances
    },
    find: async (id: string | undefined): Promise<Instance> => {
      const { Reservations } = await ec2.describeInstances({ InstanceIds: [id ?? ''] })
      return Reservations?.[0]?.Instances?.[0] as Instance
    },
  }
}

/** What `expect(...).rejects.toMatchObject` is given for an answer of AWS that says no. */
export const refused = (name: string, mention = '') => ({ name, message: containing(mention) })

function containing(mention: string) {
  return { asymmetricMatch: (message: unknown) => typeof message === 'string' && message.includes(mention) }
}

export const idOf = (instance: Instance | undefined): string => instance?.InstanceId ?? ''
export const idsOf = (instances: readonly Instance[]): string[] => instances.map(idOf)
