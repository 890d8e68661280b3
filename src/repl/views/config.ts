import type { PluginSettings, StarClusterConfig } from '../../index.js'
import { isSecretName } from './secrets.js'
import { type Look, renderFacts } from './table.js'

/** What the config says, section by section. Values that may be secret are left to those who ask for them. */
export function renderConfig(config: StarClusterConfig, look: Look): string {
  const aws = config.aws && [
    `region ${config.aws.awsRegionName ?? 'us-east-1'}`,
    ...(config.aws.awsAccessKeyId ? [`access key ${config.aws.awsAccessKeyId}`] : []),
  ]
  const facts: [string, unknown][] = [
    ['includes', config.sources.filter((file) => file !== config.path)],
    ['templates', config.templateNames],
    ['default', config.global.defaultTemplate],
    ['key pairs', [...config.keys.values()].map((key) => `${key.name} (${key.keyLocation})`)],
    [
      'volumes',
      [...config.volumes.values()].map((volume) => `${volume.name} (${volume.volumeId} on ${volume.mountPath})`),
    ],
    ['permissions', [...config.permissions.keys()]],
    ['aws', aws],
  ]
  const plugins = [...config.plugins.values()].map(
    (plugin) => [`plugin ${plugin.name}`, describe(plugin)] as [string, string],
  )
  const warnings = config.warnings.map((warning) => `*** WARNING - ${warning}`)
  return [
    `Config ${config.path ?? '(built-in defaults; no file)'}`,
    renderFacts([...facts, ...plugins], look),
    ...warnings,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function describe({ setupClass, settings }: PluginSettings): string {
  return [setupClass, ...[...settings].map(([name, value]) => `${name} = ${isSecretName(name) ? '****' : value}`)].join(
    '; ',
  )
}
