import { walkKilled } from './walk.js'

walkKilled('terminate', {
  command: ['terminate', '-c', 'c'],
  before: (cm) => cm.startCluster('c'),
  again: async (cm) => {
    if (await cm.clusterExists('c')) await cm.terminateCluster('c')
  },
  whole: [],
})
