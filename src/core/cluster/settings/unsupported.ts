import type { ClusterTemplate } from '../../config/templates.js'

/** Settings of a template that cannot be followed yet, a line each. */
export function unsupportedSettings({ queue, disableCloudinit }: ClusterTemplate): string[] {
  return [
    ...(queue === 'none' ? [] : [`queue = ${queue} is not supported yet: the cluster gets no queueing system`]),
    ...(disableCloudinit ? ['disable_cloudinit is not supported: images need cloud-init'] : []),
  ]
}
