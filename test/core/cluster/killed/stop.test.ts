import { walkKilled } from './walk.js'

walkKilled('stop', {
  command: ['stop', '-c', 'c'],
  before: (cm) => cm.startCluster('c'),
  again: async (cm) => {
    await cm.stopCluster('c')
    await cm.startCluster('c', { create: false })
  },
  whole: ['master', 'node001'],
})
