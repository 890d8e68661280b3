import { walkKilled } from './walk.js'

walkKilled('addnode', {
  command: ['addnode', '-a', 'node002', 'c'],
  before: (cm) => cm.startCluster('c'),
  again: async (cm) => {
    const nodes = await (await cm.getCluster('c')).getNodes()
    const create = !nodes.some(({ alias }) => alias === 'node002')
    await cm.addNodes('c', { aliases: ['node002'], create })
  },
  whole: ['master', 'node001', 'node002'],
})
