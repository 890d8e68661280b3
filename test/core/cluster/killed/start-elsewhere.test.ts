import { faultsOf } from '../../../../src/localcloud/ec2/index.js'
import { walkKilled } from './walk.js'

const template = `[cluster t]
cluster_size = 3
availability_zone = local-a
fallback_zones = local-b
spot_max_price = 0.1
`

walkKilled('start of spot workers in the second zone', {
  command: ['start', '-c', 't', 'c'],
  before: async (_, { cloud, home }) => {
    await home.write('.starclusterrc', template)
    await faultsOf(cloud).inject({ kind: 'capacity', zone: 'local-a' })
  },
  again: async (cm) => cm.startCluster('c', { create: !(await cm.clusterExists('c')), template: 't' }),
  whole: ['master', 'node001', 'node002'],
})
