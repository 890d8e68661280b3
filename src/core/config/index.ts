import type { StarClusterConfig } from './types.js'

export { volumeSectionAdder } from './add-section.js'
export { chooseTemplate } from './choose-template.js'
export * from './errors.js'
export type { ExplainedSection, ExplainedSetting } from './explain.js'
export { isUrl } from './fetch-text.js'
export { type LoadOptions, loadConfig } from './load-config.js'
export type { NodeTypeGroup } from './node-types.js'
export { pluginSearchPath } from './plugin-path.js'
export { type ConfigFileChoice, findConfigFile } from './sources.js'
export { builtinTemplate, type ClusterTemplate, type QueueName } from './templates.js'
export type {
  AwsSettings,
  GlobalSettings,
  KeySettings,
  PermissionSettings,
  PluginSettings,
  StarClusterConfig,
  VolumeSettings,
} from './types.js'

/** True when a file of the config was changed, removed or has appeared since it was loaded: then load it again. */
export function isStale(config: StarClusterConfig): boolean {
  return config.isStale()
}
