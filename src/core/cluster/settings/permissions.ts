import type { PermissionSettings } from '../../config/types.js'
import { InvalidCIDRSpecified, InvalidPortRange, InvalidProtocol } from '../errors.js'
import { cidrHint, isCidr } from './cidr.js'
import type { SettingProblem } from './problem.js'

const PROTOCOLS = ['tcp', 'udp', 'icmp']

/** What is wrong with the ports that one section opens. */
export function permissionProblems({
  name,
  ipProtocol,
  fromPort,
  toPort,
  cidrIp,
}: PermissionSettings): SettingProblem[] {
  const problem = (setting: string, text: string): SettingProblem => ({ kind: 'permission', name, setting, text })
  const problems: SettingProblem[] = []
  if (!PROTOCOLS.includes(ipProtocol)) {
    const text = `= ${ipProtocol}: expected one of ${PROTOCOLS.join(', ')}`
    problems.push({ ...problem('ip_protocol', text), error: InvalidProtocol })
  }
  const range = rangeProblem(ipProtocol, fromPort, toPort)
  if (range) problems.push({ ...problem(...range), error: InvalidPortRange })
  if (!isCidr(cidrIp)) {
    const text = `= ${cidrIp}: this is no range of addresses`
    problems.push({ ...problem('cidr_ip', text), hint: cidrHint(cidrIp), error: InvalidCIDRSpecified })
  }
  return problems
}

function rangeProblem(protocol: string, from: number, to: number): [setting: string, text: string] | undefined {
  if (protocol === 'icmp')
    return from === -1 && to === -1 ? undefined : ['from_port', 'and to_port must be -1 for icmp']
  const outside = (port: number) => port < 0 || port > 65_535
  if (outside(from)) return ['from_port', `= ${from}: expected a number from 0 to 65535`]
  if (outside(to)) return ['to_port', `= ${to}: expected a number from 0 to 65535`]
  return from > to ? ['from_port', `= ${from} is larger than to_port = ${to}`] : undefined
}
