import { inflateSync } from 'node:zlib'
import type { Tag } from '@aws-sdk/client-ec2'
import type { ClusterRecord } from './record.js'

/**
 * The settings in the tags of a cluster that the original StarCluster started: JSON, deflated, in base64, cut into pieces
 * that are numbered from the second on. undefined when there are none, or not all of them.
 */
export function readOriginalSettings(tags: readonly Tag[]): Readonly<Record<string, unknown>> | undefined {
  try {
    const [core, user] = [join(tags, '@sc-core'), join(tags, '@sc-user')]
    return core && user ? { ...decode(core), ...decode(user) } : undefined
  } catch {
    return undefined
  }
}

function join(tags: readonly Tag[], key: string): string {
  const pieces = tags.flatMap(({ Key = '', Value = '' }) => {
    const number = Key === key ? 0 : Number(Key.startsWith(`${key}-`) ? Key.slice(key.length + 1) : Number.NaN)
    return Number.isInteger(number) ? [{ number, text: Value }] : []
  })
  return pieces
    .sort((a, b) => a.number - b.number)
    .map(({ text }) => text)
    .join('')
}

function decode(text: string): Record<string, unknown> {
  return JSON.parse(inflateSync(Buffer.from(text, 'base64')).toString('utf8')) as Record<string, unknown>
}

/** The same as one of our records, without what only user data of its master tells: plugins and volumes. */
export function originalRecord(settings: Readonly<Record<string, unknown>>): object {
  const given = { zone: settings.availability_zone, subnetId: settings.subnet_id, publicIps: settings.public_ips }
  return {
    version: 1,
    keyname: settings.keyname,
    user: settings.cluster_user,
    shell: settings.cluster_shell,
    plugins: [],
    queue: 'none',
    dnsPrefix: Boolean(settings.dns_prefix),
    size: settings.cluster_size,
    nodeImageId: settings.node_image_id,
    nodeInstanceType: settings.node_instance_type,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)),
  } satisfies { [K in keyof ClusterRecord]?: unknown }
}
