import type { TemplateDefaults } from '../../../src/core/aws/region.js'
import type { ClusterTemplate, StarClusterConfig } from '../../../src/core/config/index.js'

/** A config in the shape in which the original's answers were recorded: all templates resolved, names with underscores. */
export function originalShape(config: StarClusterConfig, defaults: TemplateDefaults): Record<string, unknown> {
  const { pluginPath: _, ...global } = config.global
  const clusters = config.templateNames.map((name) => [name, clusterShape(config, config.template(name, defaults))])
  return {
    aws: config.aws ? snake(config.aws) : {},
    globals: snake(global),
    clusters: Object.fromEntries(clusters),
    keys: sections(config.keys),
    volumes: sections(config.volumes),
    permissions: sections(config.permissions),
    plugins: Object.fromEntries(
      [...config.plugins].map(([name, plugin]) => [
        name,
        { setup_class: plugin.setupClass, ...Object.fromEntries(plugin.settings) },
      ]),
    ),
  }
}

/** What the original answered for one template with its plugins and volumes made ready. */
export function templateShape(config: StarClusterConfig, template: ClusterTemplate): Record<string, unknown> {
  return {
    cluster_size: template.clusterSize,
    plugins: template.plugins.map((name) => ({ name, args: Object.fromEntries(config.plugin(name).settings) })),
    volumes: Object.fromEntries(
      template.volumes.map((name) => {
        const { name: _, ...volume } = config.volumes.get(name)!
        const partition = volume.partition === undefined ? null : `${volume.device}${volume.partition}`
        return [name, { ...snake(volume), partition }]
      }),
    ),
  }
}

/** The first place in which `actual` differs; what the original leaves at null, or empty, may be absent. */
export function difference(expected: unknown, actual: unknown, path = ''): string | undefined {
  if (isNothing(expected) && isNothing(actual)) return undefined
  if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = difference(expected[key], actual[key], `${path}.${key}`)
      if (found) return found
    }
    return undefined
  }
  const same = JSON.stringify(expected) === JSON.stringify(actual)
  return same ? undefined : `${path}: want ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`
}

function clusterShape(config: StarClusterConfig, template: ClusterTemplate): Record<string, unknown> {
  const { nodeInstanceTypes, volumes, permissions, ...rest } = template
  const named = <T extends { name: string }>(names: readonly string[], from: ReadonlyMap<string, T>) =>
    sections(new Map(names.map((each) => [each, from.get(each)!])))
  return {
    ...onlyOriginal(snake(rest)),
    node_instance_type: nodeInstanceTypes.at(-1)?.type,
    node_instance_types: nodeInstanceTypes
      .slice(0, -1)
      .map(({ type, imageId = null, count }) => ({ image: imageId, size: count, type })),
    volumes: named(volumes, config.volumes),
    // Where there are none the original has a list.
    permissions: permissions.length === 0 ? [] : named(permissions, config.permissions),
  }
}

/** The original knows no other settings of a template. */
function onlyOriginal(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => ORIGINAL.includes(name)))
}

const ORIGINAL = `keyname key_location cluster_size node_image_id master_image_id master_instance_type cluster_user
  cluster_shell availability_zone plugins userdata_scripts spot_bid force_spot_master disable_queue disable_cloudinit
  subnet_id public_ips dns_prefix extends`.split(/\s+/)

function sections(map: ReadonlyMap<string, { readonly name: string }>): Record<string, unknown> {
  return Object.fromEntries([...map].map(([name, { name: _, ...settings }]) => [name, snake(settings)]))
}

function snake(settings: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name.replace(/([A-Z]|\d+$|\d(?=[A-Z]))/g, (part) => (/\d/.test(part) ? part : `_${part.toLowerCase()}`)),
      value,
    ]),
  )
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (isObject(value) && Object.keys(value).length === 0)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
