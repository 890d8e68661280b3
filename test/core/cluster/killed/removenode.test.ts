import { walkKilled } from './walk.js'

walkKilled('removenode', {
  command: ['removenode', '-c', 'c', 'node001'],
  before: (cm) => cm.startCluster('c', { overrides: { clusterSize: 3 } }),
  again: async (cm) => {
    const nodes = await (await cm.getCluster('c')).getNodes()
    if (nodes.some(({ alias }) => alias === 'node001')) await cm.removeNodes('c', { aliases: ['node001'] })
  },
  whole: ['master', 'node002'],
})
