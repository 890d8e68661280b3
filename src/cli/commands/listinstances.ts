import { type InstanceListing, listInstances } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<InstanceListing> = {
  name: ({ id }) => id,
  fields: {
    id: field.text('id of the instance', ({ id }) => id, { column: 'INSTANCE' }),
    state: field.text('pending, running, stopping, stopped, shutting-down or terminated', ({ state }) => state, {
      column: 'STATE',
    }),
    stateReason: field.text('why it is in this state', ({ stateReason }) => stateReason),
    type: field.text('instance type', ({ type }) => type, { column: 'TYPE' }),
    cluster: field.text('cluster it is a node of', ({ cluster }) => cluster, { column: 'CLUSTER', wraps: true }),
    alias: field.text('name of the node', ({ alias }) => alias, { column: 'NODE', wraps: true }),
    publicDnsName: field.text('public DNS name', (i) => i.publicDnsName),
    privateDnsName: field.text('private DNS name', (i) => i.privateDnsName),
    publicIp: field.text('public IPv4 address', ({ publicIp }) => publicIp, { column: 'ADDRESS' }),
    privateIp: field.text('private IPv4 address', ({ privateIp }) => privateIp),
    zone: field.text('availability zone', ({ zone }) => zone, { column: 'ZONE', extra: true }),
    vpcId: field.text('id of the VPC', ({ vpcId }) => vpcId),
    subnetId: field.text('id of the subnet', ({ subnetId }) => subnetId),
    imageId: field.text('id of the image', ({ imageId }) => imageId),
    architecture: field.text('x86_64 or arm64', ({ architecture }) => architecture),
    virtualization: field.text('hvm or paravirtual', ({ virtualization }) => virtualization),
    groups: field.texts('names of the security groups', ({ groups }) => groups),
    keyname: field.text('key pair', ({ keyname }) => keyname),
    launchTime: field.time('when it was launched, or last started', ({ launchTime }) => launchTime, {
      column: 'LAUNCHED',
      extra: true,
    }),
    spotRequestId: field.text('id of the spot request it came from', (i) => i.spotRequestId),
    tags: field.tags('tags by key', (i) => i.tags),
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the instances of the region, of clusters or not, oldest first')
    .option('-t, --show-terminated', 'terminated ones too, for the hour that EC2 tells of them')
  listingOptions(command).action(async (flags: ListingFlags & { showTerminated?: boolean }) => {
    const sc = await openFor(cli, flags)
    const found = await listInstances(sc, { terminated: flags.showTerminated === true, signal: cli.signal })
    printListing(cli, flags, found, listing, `No instances in region ${sc.region.name}.`)
  })
  examples(command, [
    ['starcluster listinstances', 'all instances of the region'],
    ['starcluster listinstances --show-terminated --json', 'terminated ones too, for a program'],
  ])
}
