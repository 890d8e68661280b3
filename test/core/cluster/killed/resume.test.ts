import { walkKilled } from './walk.js'

walkKilled('start -x', {
  command: ['start', '-x', 'c'],
  before: async (cm) => {
    await cm.startCluster('c')
    await cm.stopCluster('c')
  },
  again: (cm) => cm.startCluster('c', { create: false }),
  whole: ['master', 'node001'],
})
