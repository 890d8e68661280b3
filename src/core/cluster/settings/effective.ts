import type { ClusterTemplate } from '../../config/templates.js'
import type { StarClusterConfig } from '../../config/types.js'
import type { StartOverrides } from '../start-options.js'

/** The template with what the command line says instead. A key file given there is no business of the template's. */
export function withOverrides(
  config: Pick<StarClusterConfig, 'keys'>,
  template: ClusterTemplate,
  overrides: StartOverrides,
): ClusterTemplate {
  const { nodeInstanceType, userdataScript, keyLocation, onDemand, ...same } = overrides
  const { keyLocation: ofTemplate, nodeInstanceTypes, spotBid, spotMaxPrice, ...rest } = template
  const spot = {
    ...(spotBid === undefined ? {} : { spotBid }),
    ...(spotMaxPrice === undefined ? {} : { spotMaxPrice }),
  }
  const given = Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined)) as Partial<
    typeof same
  >
  const location = same.keyname === undefined ? ofTemplate : config.keys.get(same.keyname)?.keyLocation
  return {
    ...rest,
    ...(onDemand ? {} : spot),
    ...given,
    ...(location === undefined || keyLocation !== undefined ? {} : { keyLocation: location }),
    ...(userdataScript === undefined ? {} : { userdataScripts: userdataScript }),
    // It replaces the type of all remaining workers; counted ones stay.
    nodeInstanceTypes:
      nodeInstanceType === undefined
        ? nodeInstanceTypes
        : [...nodeInstanceTypes.slice(0, -1), { type: nodeInstanceType }],
  }
}

/** Names of the settings that were replaced, as they are written in the config. */
export function overriddenSettings(overrides: StartOverrides): Set<string> {
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined)
  return new Set(given.map(([name]) => (name === 'userdataScript' ? 'userdata_scripts' : configSpelling(name))))
}

const configSpelling = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
