import { foldNodeNames, lengthText, type StartPreview } from '../index.js'

const KEY_WORK = { none: 'exists', import: 'to be imported', make: 'to be made' }
const GOES = { stop: 'stop', terminate: 'end for good with their disks' }
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** What a start would make, for people. */
export function renderPreview(preview: StartPreview): string {
  const { nodes, network, securityGroup, placementGroup, ttl, isProtected, keyPair, volumes, calls } = preview
  const size = nodes.reduce((sum, { aliases }) => sum + aliases.length, 0)
  const rows: [string, string][] = [
    ...nodes.map(({ aliases, instanceType, spot, image, zone, placementGroup: group }): [string, string] => [
      counted(aliases.length, 'node'),
      [
        foldNodeNames(aliases),
        `${instanceType}${spot ? ' on the spot market' : ''}`,
        `image ${image.wanted}${image.wanted === image.id ? '' : ` (${image.id})`}`,
        zone === undefined ? 'any zone' : `zone ${zone}`,
        ...(group ? ['in the placement group'] : []),
      ].join(', '),
    ]),
    [
      'network',
      `${network.subnetId ?? 'a default subnet'} of ${network.vpcId}, ${network.publicIps ? 'with' : 'without'} public addresses`,
    ],
    ...securityGroup.rules.map((rule, at): [string, string] => [at === 0 ? 'security group' : '', rule]),
    ...(placementGroup ? [['placement group', placementGroup] as [string, string]] : []),
    ...(ttl
      ? [['ttl', `${lengthText(ttl.seconds * 1000)}, then its nodes ${GOES[ttl.action]}`] as [string, string]]
      : []),
    ...(isProtected ? [['protected', 'not to be terminated before that is lifted'] as [string, string]] : []),
    ['key pair', `${keyPair.name}, ${KEY_WORK[keyPair.work]}`],
    ['volumes', volumes.length > 0 ? volumes.join(', ') : `none but the ${counted(size, 'root volume')}`],
    [
      'API calls',
      Object.entries(calls)
        .map(([name, times]) => (times === 1 ? name : `${name} x ${times}`))
        .join(', '),
    ],
  ]
  const width = Math.max(...rows.map(([label]) => label.length)) + 2
  const lines = rows.map(([label, text]) => `  ${label.padEnd(width)}${text}`)
  return `starcluster start ${preview.tag} in region ${preview.region} would make:\n\n${lines.join('\n')}\n\nNothing was changed.`
}
