import type { StarClusterConfig } from '../config/types.js'

/**
 * The region a command works in. Only `-r` or an `[aws info]` section select AWS; credentials or a region in the
 * environment never do, so that nothing costs money by accident.
 */
export function chooseRegion({ flag, config }: { flag?: string | undefined; config: StarClusterConfig }): string {
  if (flag) return flag
  if (!config.aws) return 'local'
  return config.aws.awsRegionName ?? 'us-east-1'
}
