import type { Reservation, RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import type { DiskRoom } from '../../nodes/disk-room.js'
import { AwsError } from '../../protocol/aws-error.js'
import { checkToken, fingerprintOf, tokenMismatch } from '../client-token.js'
import { endDryRun } from '../dry-run.js'
import { refuseForCapacity } from '../faults.js'
import { ROOT_VOLUME_GIB } from '../images/images.js'
import { allocatePrivate, allocatePublic, freeAddresses } from '../network.js'
import { placeNext, roomIn } from '../placement-groups/records.js'
import { newId } from '../resource-ids.js'
import { fulfilled, newSpotRequest, type SpotRequestRecord } from '../spot/records.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { putTags } from '../tags/tags.js'
import { type LaunchPlan, planLaunch } from './launch-plan.js'
import { addVolumes } from './launch-volumes.js'
import { lifecycleOf } from './lifecycle.js'
import { describeReservation } from './view.js'

/**
 * Launches between MinCount and MaxCount instances, as many as there are addresses for. They are recorded as `pending`
 * and boot once the answer's state is on disk.
 */
export async function runInstances(input: RunInstancesRequest, cloud: Cloud): Promise<Reservation> {
  const room = await cloud.engine.room?.() // before anything is looked at, so that nothing changes in between
  const { ec2 } = cloud.state
  const token = input.ClientToken
  const fingerprint = token ? fingerprintOf(input) : ''
  const known = token ? launchedBefore(ec2, token, fingerprint) : undefined
  if (known && !input.DryRun) return describeReservation(known, cloud)
  const plan = planLaunch(input, cloud)
  endDryRun(input)
  refuseForCapacity(cloud, plan.instanceType, plan.subnet.zone, plan.spot ? 'spot' : 'on-demand')
  refuseForRoom(plan, room)
  const instances = launchInstances(plan, input, cloud)
  if (token) {
    const { reservationId } = instances[0] as InstanceRecord
    ec2.launches[tokenKey(token)] = { fingerprint, reservationId, at: cloud.now().toISOString() }
  }
  return describeReservation(instances, cloud)
}

/** Bytes that a new machine takes of this computer's disk before anybody uses it, and what must stay free besides. */
const NEW_DISK_BYTES = 32 * 2 ** 20
const RESERVE_BYTES = 128 * 2 ** 20

/** @throws AwsError InsufficientInstanceCapacity: machines that could not write would be worse than none */
function refuseForRoom({ minCount, instanceType, subnet }: LaunchPlan, room: DiskRoom | undefined): void {
  if (!room || room.freeBytes >= RESERVE_BYTES + minCount * NEW_DISK_BYTES) return
  const free = Math.floor(room.freeBytes / 2 ** 20)
  const needed = (RESERVE_BYTES + minCount * NEW_DISK_BYTES) / 2 ** 20
  const message =
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${subnet.zone}): ` +
    `the disk of this computer is full. ${free} MiB are free below ${room.path}, and ${needed} MiB are needed. ` +
    'Free some space, or set STARCLUSTER_DISK_ROOT to a directory on a bigger disk.'
  throw new AwsError('InsufficientInstanceCapacity', message, 500)
}

/** A prefix keeps tokens such as `__proto__` harmless. */
const tokenKey = (token: string) => `token:${token}`

/**
 * What an earlier request with this token launched.
 *
 * @throws AwsError IdempotentParameterMismatch, IdempotentInstanceTerminated
 * Source: EC2 API reference, "Ensuring idempotency in Amazon EC2 API requests".
 */
function launchedBefore(state: Ec2State, token: string, fingerprint: string): InstanceRecord[] | undefined {
  checkToken(token)
  const launch = state.launches[tokenKey(token)]
  if (!launch) return undefined
  if (launch.fingerprint !== fingerprint) throw tokenMismatch()
  const instances = Object.values(state.instances).filter((one) => one.reservationId === launch.reservationId)
  if (instances.length === 0) {
    const message = 'The instances that a previous request with this client token launched are terminated.'
    throw new AwsError('IdempotentInstanceTerminated', message)
  }
  return instances
}

/** @param spotRequest the one it fulfils; without it a plan with spot terms gets one for each instance */
export function launchInstances(
  plan: LaunchPlan,
  input: RunInstancesRequest,
  cloud: Cloud,
  spotRequest?: SpotRequestRecord,
): InstanceRecord[] {
  const { ec2 } = cloud.state
  const count = countOf(plan, cloud)
  const publicIps = plan.publicIp ? allocatePublic(ec2, cloud.engine.publicPrefix, count) : []
  const privateIps = plan.privateIp === undefined ? allocatePrivate(ec2, plan.subnet, count) : [plan.privateIp]
  const reservationId = newId('r')
  const lifecycle = lifecycleOf(cloud)
  return privateIps.map((privateIp, index) => {
    const instance = newInstance(plan, input, cloud, {
      reservationId,
      index,
      privateIp,
      publicIp: publicIps[index],
    })
    ec2.instances[instance.id] = instance
    attachMade(plan, instance)
    for (const [type, id] of [
      ['instance', instance.id],
      ['network-interface', instance.networkInterfaceId],
    ] as const) {
      putTags(ec2, id, plan.tags.get(type) ?? new Map())
    }
    for (const id of addVolumes(cloud, instance, plan.volumes)) putTags(ec2, id, plan.tags.get('volume') ?? new Map())
    const request = spotRequest ?? (plan.spot && newSpotRequest(ec2, cloud.now(), plan.spot))
    if (request) fulfilled(request, instance, cloud.now())
    if (request && !spotRequest) putTags(ec2, request.id, plan.tags.get('spot-instances-request') ?? new Map())
    lifecycle.due(instance.id)
    return instance
  })
}

/** As many as there is room for, but never fewer than the least asked for: those are refused where the room is. */
function countOf({ minCount, maxCount, subnet, publicIp, placement }: LaunchPlan, cloud: Cloud): number {
  const { ec2 } = cloud.state
  const rooms = [
    freeAddresses(ec2, subnet),
    ...(publicIp ? [freePublic(cloud)] : []),
    roomIn(ec2, placement.placementGroup, subnet.zone),
  ]
  return Math.max(minCount, Math.min(maxCount, ...rooms))
}

/** A network interface that was made beforehand is the instance's from now on. */
function attachMade({ madeInterface: made }: LaunchPlan, instance: InstanceRecord): void {
  if (made) made.record.attached = { instanceId: instance.id, deleteOnTermination: made.deleteOnTermination }
}

function freePublic(cloud: Cloud): number {
  const total = cloud.engine.publicPrefix.split('.').length === 2 ? 254 * 256 : 254
  return total - Object.values(cloud.state.ec2.instances).filter((instance) => instance.publicIp !== undefined).length
}

function newInstance(
  plan: LaunchPlan,
  input: RunInstancesRequest,
  cloud: Cloud,
  place: { reservationId: string; index: number; privateIp: string; publicIp: string | undefined },
): InstanceRecord {
  const now = cloud.now().toISOString()
  return {
    id: newId('i'),
    sequence: ++cloud.state.ec2.sequence,
    reservationId: place.reservationId,
    amiLaunchIndex: place.index,
    imageId: plan.image.id,
    layers: [...plan.image.layers],
    instanceType: plan.instanceType,
    ...(plan.keyPair ? { keyName: plan.keyPair.name, publicKey: plan.keyPair.publicKey } : {}),
    subnetId: plan.subnet.id,
    vpcId: plan.subnet.vpcId,
    zone: plan.subnet.zone,
    privateIp: place.privateIp,
    ...(place.publicIp === undefined ? { wantsPublicIp: false } : { publicIp: place.publicIp }),
    ...placeNext(cloud.state.ec2, plan.placement),
    securityGroupIds: plan.securityGroups.map((group) => group.id),
    networkInterfaceId: plan.madeInterface?.record.id ?? newId('eni'),
    attachmentId: newId('eni-attach'),
    rootVolumeId: newId('vol'),
    volumeIds: [],
    ...rootVolumeSize(plan),
    launchedAt: now,
    launchTime: now,
    state: 'pending',
    ...(plan.userData === undefined ? {} : { userData: plan.userData }),
    ...(input.ClientToken ? { clientToken: input.ClientToken } : {}),
    ...(plan.profile === undefined ? {} : { profile: { name: plan.profile, associationId: newId('iip-assoc') } }),
    shutdownBehavior: plan.shutdownBehavior,
    disableApiTermination: input.DisableApiTermination ?? false,
    disableApiStop: input.DisableApiStop ?? false,
    sourceDestCheck: plan.madeInterface?.record.sourceDestCheck ?? true,
    ebsOptimized: input.EbsOptimized ?? false,
    monitoring: input.Monitoring?.Enabled ?? false,
    metadata: { ...plan.metadata },
  }
}

/** Told to the engine only where a size was asked for. */
function rootVolumeSize({ volumes, image }: LaunchPlan): { rootVolumeSize?: number } {
  const size = volumes[0]?.settings.size ?? ROOT_VOLUME_GIB
  return size === ROOT_VOLUME_GIB && image.rootVolumeSize === undefined ? {} : { rootVolumeSize: size }
}
