import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { renderCluster } from '../render-cluster.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('[tag...]', 'names of clusters (default: all)')
    .option('-s, --show-ssh-status', 'try ssh on every node')
    .action(async (tags: string[], flags: { showSshStatus?: boolean }) => {
      const sc = await cli.open()
      const listings = await sc.cm.listClusters({
        ...(tags.length > 0 ? { tags } : {}),
        showSshStatus: flags.showSshStatus === true,
        signal: cli.signal,
      })
      if (listings.length === 0)
        cli.print(`No clusters in region ${sc.region.name}. "starcluster start TAG" starts one.`)
      else cli.print(listings.map(renderCluster).join('\n\n'))
    })
  examples(command, [
    ['starcluster listclusters', 'all clusters of the region'],
    ['starcluster -r us-east-1 listclusters -s prod', 'one on AWS, and whether ssh answers'],
  ])
}
