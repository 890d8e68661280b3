import type { ClusterTemplate } from '../../config/templates.js'
import { isHostname, masterAlias } from '../../node/aliases.js'
import type { SettingProblem } from './problem.js'

/** Whether names of nodes can begin with the name of this cluster. */
export function prefixProblems(
  tag: string,
  { name, dnsPrefix }: Pick<ClusterTemplate, 'name' | 'dnsPrefix'>,
): SettingProblem[] {
  const alias = masterAlias(`${tag}-`)
  if (!dnsPrefix || isHostname(alias)) return []
  const hint = 'choose another name for the cluster: letters, digits and - only, at most 56'
  const text = `makes ${alias} of the name, which cannot be a host name`
  return [{ kind: 'cluster', name, setting: 'dns_prefix', text, hint }]
}
