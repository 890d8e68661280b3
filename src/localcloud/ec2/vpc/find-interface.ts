import { lookUpOne, own } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { type InterfaceRecord, networkOf } from './records.js'

/** One that was made by itself. @throws AwsError InvalidNetworkInterfaceID.NotFound, also for one that a launch made */
export function requireInterface(state: Ec2State, id: string | undefined): InterfaceRecord {
  return lookUpOne('networkInterface', 'networkInterfaceId', id, (one) => own(networkOf(state).interfaces, one))
}

/** The instance whose interface it is. */
export function instanceOfInterface(state: Ec2State, id: string): InstanceRecord | undefined {
  return Object.values(state.instances).find((one) => one.networkInterfaceId === id && one.state !== 'terminated')
}

/** Groups belong to the interface, and an instance has one. */
export function setGroups(state: Ec2State, instance: InstanceRecord, ids: readonly string[]): void {
  instance.securityGroupIds = [...ids]
  const made = own(networkOf(state).interfaces, instance.networkInterfaceId)
  if (made) made.groupIds = [...ids]
}

/** An instance is gone: an interface that was made by itself is free again, or goes with it. */
export function releaseInterface(state: Ec2State, instance: InstanceRecord): void {
  const { interfaces } = networkOf(state)
  const made = own(interfaces, instance.networkInterfaceId)
  if (made?.attached?.instanceId !== instance.id) return
  if (made.attached.deleteOnTermination) delete interfaces[made.id]
  else delete made.attached
}
