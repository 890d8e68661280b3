import type { NodeSpec } from '../../nodes/engine.js'
import { INSTANCE_TYPES } from '../instance-types/types.js'
import { hostNameOf } from '../network.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { volumesToShow } from '../volumes/attachments.js'

/** Enough for a busy node, too few for a fork bomb to fill the host's table. */
const PIDS = 4096

export function nodeSpec(state: Ec2State, instance: InstanceRecord): NodeSpec {
  const type = INSTANCE_TYPES.get(instance.instanceType)
  return {
    id: instance.id,
    layers: instance.layers,
    privateIp: instance.privateIp,
    hostname: hostNameOf(instance.privateIp),
    publicIp: instance.publicIp ?? '',
    ...(instance.rootVolumeSize && { diskGiB: instance.rootVolumeSize }),
    volumes: volumesToShow(state, instance),
    limits: { cpus: type?.vcpus ?? 2, memoryMiB: type?.memoryMiB ?? 2048, pids: PIDS },
  }
}
