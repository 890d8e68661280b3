import { report } from '../measure.mjs'
import { END_OF_SHELL, Terminal, tabTimes } from '../terminal.mjs'

/** From the Tab key to the completed text, in a new shell and later. */
export async function benchCompletion(env, cluster) {
  const half = Math.ceil(cluster.length / 2)
  const lines = [
    ['a member', 'cm.getClusterOr', 'None'],
    ['a name of a cluster', `cm.getCluster('${cluster.slice(0, half)}`, cluster.slice(half)],
    ['a remote path', "master.ssh.get('/etc/hostn", 'ame'],
  ]
  for (const [what, line, rest] of lines) {
    const shell = await Terminal.shell(env, '-p', cluster)
    try {
      const { cold, warm } = await tabTimes(shell, line, rest)
      report(`Tab in a new shell: ${what}`, cold, 'ms', 1_000)
      report(`Tab again: ${what}`, warm, 'ms', 200)
    } finally {
      await shell.end(END_OF_SHELL)
    }
  }
}
