import { walkKilled } from './walk.js'

walkKilled('start of an image that refuses root', {
  command: ['start', '-s', '2', '--image-user', 'admin', 'c'],
  before: async (_, on) => {
    on.engine.stock = { user: 'admin', refusal: 'told' }
  },
  again: async (cm) => cm.startCluster('c', { create: !(await cm.clusterExists('c')), overrides: { clusterSize: 2 } }),
  whole: ['master', 'node001'],
})
