import type { TemplateDefaults } from '../aws/region.js'
import { NoDefaultTemplateFound } from './errors.js'
import { builtinTemplate, type ClusterTemplate } from './templates.js'
import type { StarClusterConfig } from './types.js'

/**
 * What `start` works from: the named template, else `[global] default_template`, else the built-in one where the region
 * has a default for every setting. Throws NoDefaultTemplateFound where it has not.
 */
export function chooseTemplate(
  config: StarClusterConfig,
  name: string | undefined,
  defaults: TemplateDefaults,
): ClusterTemplate {
  const chosen = name ?? config.global.defaultTemplate
  if (chosen !== undefined) return config.template(chosen, defaults)
  if (isComplete(defaults)) return builtinTemplate(defaults)
  const known = config.templateNames.length > 0 ? ` (the config has ${config.templateNames.join(', ')})` : ''
  throw new NoDefaultTemplateFound(`no cluster template was named and the config has no default_template${known}`, {
    hint: 'name one with -c, or set default_template in [global]',
  })
}

function isComplete(defaults: TemplateDefaults): boolean {
  const { clusterSize, nodeImageId, nodeInstanceType, keyname } = defaults
  return [clusterSize, nodeImageId, nodeInstanceType, keyname].every((value) => value !== undefined)
}
