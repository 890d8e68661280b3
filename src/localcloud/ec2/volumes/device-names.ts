import { AwsError } from '../../protocol/aws-error.js'

/** Source: EC2 User Guide, "Device names for volumes on Amazon EC2 instances"; the names for HVM images. */
const NAME = /^(?:\/dev\/)?(?:sd([a-z])(?:[1-9]|1[0-5])?|xvd((?:[a-d][a-z])|[a-z])(?:[1-9]|1[0-5])?)$/

/** @throws AwsError InvalidParameterValue */
export function checkDeviceName(device: string): void {
  if (NAME.test(device)) return
  const message = `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`
  throw new AwsError('InvalidParameterValue', message)
}

/** Equal for names of one attachment point: `/dev/sdf`, `sdf` and `/dev/xvdf`. The root device is whatever begins with `a`. */
export function attachmentPoint(device: string): string {
  const name = device.replace(/^\/dev\//, '').replace(/^(?:sd|xvd)/, '')
  return /^a\d*$/.test(name) ? 'a' : name
}

/** With `/dev/` before it, as the engine wants it. */
export const devicePath = (device: string) => (device.startsWith('/dev/') ? device : `/dev/${device}`)

export function deviceInUse(device: string): AwsError {
  const message = `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`
  return new AwsError('InvalidParameterValue', message)
}
