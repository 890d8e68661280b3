import type { Tag } from '@aws-sdk/client-ec2'
import type { PermissionSettings } from '../config/types.js'
import { IncompatibleCluster } from './errors.js'
import type { LaunchWish } from './launch-plan.js'
import { originalRecord, readOriginalSettings } from './original-tags.js'
import type { ClusterVolume } from './volumes.js'

/** What a cluster was started with: kept in tags of its security group, so that every machine with the credentials sees it. */
export interface ClusterRecord {
  readonly version: 1
  readonly keyname: string
  readonly user: string
  readonly shell: string
  /** Names only: settings are read from the config whenever a plugin runs. */
  readonly plugins: readonly string[]
  readonly queue: 'none' | 'slurm' | 'sge'
  /** Aliases begin with `<tag>-`. */
  readonly dnsPrefix: boolean
  readonly size: number
  /** Image and type for nodes added later. */
  readonly nodeImageId: string
  readonly nodeInstanceType: string
  readonly zone?: string
  readonly subnetId?: string
  readonly publicIps?: boolean
  /** It has a placement group, called as its security group. */
  readonly placementGroup?: true
  /** Jump host, as in the settings. */
  readonly sshProxy?: string
  /** Who is let in instead of root until a node's login of root is opened. */
  readonly imageUser?: string
  readonly template?: string
  /** With what nothing but the nodes themselves is missing of a start; absent: such a start cannot be gone on with. */
  readonly launch?: LaunchRecord
}

/** Of the nodes. */
export interface RootVolume {
  /** GiB; absent: as large as the image's. */
  readonly size?: number
  readonly type: string
  readonly encrypted: boolean
}

/** The workers are spot instances. */
export interface SpotRecord {
  /** The most to pay for each, in US dollars an hour. */
  readonly maxPrice: number
  /** The master is one too. */
  readonly master?: true
}

interface LaunchRecord {
  readonly masterType?: string
  readonly masterImageId?: string
  /** As in the config; only when it says more than `nodeInstanceType`. */
  readonly types?: LaunchWish['nodeInstanceTypes']
  /** Files of user data, on the computer of the start. */
  readonly userdata?: readonly string[]
  readonly sshCidr?: string
  /** Its start said `sshCidr`, not its template. */
  readonly ownSshCidr?: true
  readonly iamProfile?: string
  readonly rootVolume?: RootVolume
  readonly tags?: Readonly<Record<string, string>>
  /** Types of the workers, and zones of the cluster, tried where EC2 lacks capacity. */
  readonly fallbackTypes?: readonly string[]
  readonly fallbackZones?: readonly string[]
  /** As few nodes as a start may launch, the master included. */
  readonly minNodes?: number
  readonly spot?: SpotRecord
  /** Seconds a start, or later nodes, are waited for. */
  readonly startTimeout?: number
  /** Nodes that shut themselves down are terminated; absent: stopped. */
  readonly ttlAction?: 'terminate'
  readonly ports?: readonly PermissionSettings[]
  readonly volumes?: readonly ClusterVolume[]
}

const coreTag = 'starcluster:core'
const versionTag = 'starcluster:version'
/** EC2's limits: characters in the value of a tag, and tags on a resource (of which a few are for others). */
const valueLimit = 256
const chunkLimit = 40

/** Tags that hold the record, in pieces of at most 256 characters. */
export function recordTags(record: ClusterRecord, programVersion: string): Tag[] {
  const text = toAscii(JSON.stringify(record))
  const chunks: string[] = []
  for (let at = 0; at < text.length; at += valueLimit) chunks.push(text.slice(at, at + valueLimit))
  if (chunks.length > chunkLimit) {
    throw new RangeError(
      `the settings of the cluster take ${text.length} characters; tags hold ${chunkLimit * valueLimit}`,
    )
  }
  return [
    { Key: versionTag, Value: programVersion },
    ...chunks.map((Value, i) => ({ Key: i === 0 ? coreTag : `${coreTag}-${i}`, Value })),
  ]
}

/** The record in a security group's tags, those of the original too. @throws IncompatibleCluster when there is none or it is not whole */
export function readRecord(tag: string, tags: readonly Tag[] | undefined): ClusterRecord {
  const pieces = (tags ?? [])
    .flatMap(({ Key, Value }) => {
      const match = /^starcluster:core(?:-(\d+))?$/.exec(Key ?? '')
      return match ? [{ index: Number(match[1] ?? 0), text: Value ?? '' }] : []
    })
    .sort((a, b) => a.index - b.index) // as numbers: piece 10 comes after piece 9
  if (pieces.some(({ index }, i) => index !== i))
    throw new IncompatibleCluster(tag, 'a piece of the settings in its tags is missing')
  const original = pieces.length === 0 ? readOriginalSettings(tags ?? []) : undefined
  if (original) return checkRecord(tag, originalRecord(original))
  if (pieces.length === 0) throw new IncompatibleCluster(tag, 'its security group has no StarCluster tags')
  return checkRecord(tag, parse(tag, pieces.map(({ text }) => text).join('')))
}

function parse(tag: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new IncompatibleCluster(tag, 'the settings in its tags are not whole')
  }
}

function checkRecord(tag: string, value: unknown): ClusterRecord {
  const { version } = (value ?? {}) as { version?: unknown }
  if (version !== 1)
    throw new IncompatibleCluster(tag, `its settings have version ${JSON.stringify(version)}, this program reads 1`)
  const wrong = Object.entries(required).find(([key, isRight]) => !isRight((value as Record<string, unknown>)[key]))
  if (wrong) throw new IncompatibleCluster(tag, `its setting ${wrong[0]} is missing or wrong`)
  return value as ClusterRecord
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''
const required: Record<string, (value: unknown) => boolean> = {
  keyname: isText,
  user: isText,
  shell: isText,
  plugins: (value) => Array.isArray(value) && value.every(isText),
  dnsPrefix: (value) => typeof value === 'boolean',
  size: Number.isInteger,
  nodeImageId: isText,
  nodeInstanceType: isText,
}

/** JSON without blanks at a piece's end (EC2 may trim them) and without characters that count as more than one. */
function toAscii(json: string): string {
  return json.replace(/[ \u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
