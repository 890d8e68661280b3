import { walkKilled } from './walk.js'

const overrides = { clusterSize: 3, masterInstanceType: 't3.large', ttl: 28_800 }

walkKilled('start', {
  command: ['start', '--ttl', '8h', '-s', '3', '-m', 'default', '-I', 't3.large', 'c'],
  before: async () => undefined,
  again: async (cm) => cm.startCluster('c', { create: !(await cm.clusterExists('c')), overrides }),
  whole: ['master', 'node001', 'node002'],
})
