import type { ClusterTemplate } from '../../config/templates.js'

/** Settings of a template that cannot be followed yet, a line each. */
export function unsupportedSettings(template: ClusterTemplate): string[] {
  const { spotBid, spotMaxPrice, queue, ttl, minNodes, imageUser } = template
  const spot = spotBid === undefined ? (spotMaxPrice === undefined ? undefined : 'spot_max_price') : 'spot_bid'
  const fallbacks = [
    ...(template.fallbackInstanceTypes.length > 0 ? ['fallback_instance_types'] : []),
    ...(template.fallbackZones.length > 0 ? ['fallback_zones'] : []),
  ]
  return [
    ...(spot === undefined ? [] : [`${spot} is not supported yet: on-demand instances are launched`]),
    ...(queue === 'none' ? [] : [`queue = ${queue} is not supported yet: the cluster gets no queueing system`]),
    ...(ttl === undefined ? [] : ['ttl is not supported yet: the cluster does not end by itself']),
    ...(minNodes === undefined ? [] : ['min_nodes is not supported yet: all nodes are launched, or none']),
    ...(fallbacks.length === 0
      ? []
      : [`not supported yet: ${fallbacks.join(', ')}; other types and zones are not tried`]),
    ...(template.disableCloudinit ? ['disable_cloudinit is not supported: images need cloud-init'] : []),
    ...(imageUser === undefined ? [] : ['image_user is not supported yet: the image must let root in']),
  ]
}
