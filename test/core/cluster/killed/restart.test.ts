import { walkKilled } from './walk.js'

walkKilled('restart', {
  command: ['restart', 'c'],
  before: (cm) => cm.startCluster('c'),
  again: (cm) => cm.restartCluster('c'),
  whole: ['master', 'node001'],
})
