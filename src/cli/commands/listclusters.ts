import type { ClusterListing } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'
import { renderCluster } from '../render-cluster.js'

const nodeFields: field.Fields<ClusterListing['nodes'][number]> = {
  alias: field.text('name of the node', ({ alias }) => alias),
  state: field.text('state of its instance', ({ state }) => state),
  instanceId: field.text('id of its instance', ({ instanceId }) => instanceId),
  address: field.text('where it is reached while it runs', ({ address }) => address),
  spotId: field.text('id of the spot request it came from', ({ spotId }) => spotId),
  notice: field.text('why it ended, or that it is going to', ({ notice }) => notice),
  ssh: field.text('Up or Down; only with --show-ssh-status', ({ ssh }) => ssh),
}

const volumeFields: field.Fields<ClusterListing['volumes'][number]> = {
  volumeId: field.text('id of the volume', ({ volumeId }) => volumeId),
  mountPath: field.text('where the nodes have it', ({ mountPath }) => mountPath),
}

export const listing: Listing<ClusterListing> = {
  name: ({ tag }) => tag,
  fields: {
    tag: field.text('name of the cluster', ({ tag }) => tag),
    securityGroup: field.text('name of its security group', ({ securityGroup }) => securityGroup),
    launchTime: field.time('when its first node was launched, while that runs', ({ launchTime }) => launchTime),
    vpcId: field.text('id of its VPC', ({ vpcId }) => vpcId),
    subnetId: field.text('id of its subnet', ({ subnetId }) => subnetId),
    zone: field.text('availability zone', ({ zone }) => zone),
    keyname: field.text('key pair', ({ keyname }) => keyname),
    volumes: field.list('EBS volumes it was started with', ({ volumes }) => volumes, volumeFields),
    ends: field.time('when it ends by itself', ({ ends }) => ends),
    ended: field.time('when it ended by itself', ({ ended }) => ended),
    isProtected: field.flag('whether it is protected from being terminated', (one) => one.isProtected === true),
    nodes: field.list('its nodes, the master first', ({ nodes }) => nodes, nodeFields),
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the clusters of the region with their nodes')
    .argument('[tag...]', 'names of clusters (default: all)')
    .option('-s, --show-ssh-status', 'try ssh on every node')
  listingOptions(command, { long: false }).action(
    async (tags: string[], flags: ListingFlags & { showSshStatus?: boolean }) => {
      const sc = await openFor(cli, flags)
      const found = await sc.cm.listClusters({
        ...(tags.length > 0 ? { tags } : {}),
        showSshStatus: flags.showSshStatus === true,
        signal: cli.signal,
      })
      if (flags.json || flags.quiet || found.length === 0) {
        printListing(
          cli,
          flags,
          found,
          listing,
          `No clusters in region ${sc.region.name}. "starcluster start TAG" starts one.`,
        )
      } else cli.print(found.map(renderCluster).join('\n\n'))
    },
  )
  examples(command, [
    ['starcluster listclusters', 'all clusters of the region'],
    ['starcluster -r us-east-1 listclusters -s prod', 'one on AWS, and whether ssh answers'],
    ['starcluster listclusters --json', 'all of it for a program'],
  ])
}
