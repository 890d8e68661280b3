import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import type { Ec2State } from '../state.js'

/** Source: EC2 API reference, CreateImage, Name. @throws AwsError */
export function checkName(state: Ec2State, name: string | undefined): string {
  if (!name) throw missingParameter('Name')
  if (name.length < 3 || name.length > 128 || !/^[A-Za-z0-9()[\] ./'@_-]+$/.test(name)) {
    const message =
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"
    throw new AwsError('InvalidAMIName.Malformed', message)
  }
  const taken = Object.values(state.images).find((image) => image.name === name)
  if (!taken && name !== 'default') return name
  const where = taken ? ` by AMI ${taken.id}` : ''
  throw new AwsError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use${where}`)
}
