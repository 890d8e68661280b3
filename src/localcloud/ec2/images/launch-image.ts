import { AwsError } from '../../protocol/aws-error.js'
import { imageOfParameter } from '../../ssm/image-parameters.js'
import type { Ec2State, ImageRecord } from '../state.js'
import { requireImage } from './images.js'

/**
 * The image of a launch, which may also be `resolve:ssm:PARAMETER` or, as all parameters here have one version,
 * `resolve:ssm:PARAMETER:1`. DescribeImages knows no such ids, on AWS as here.
 *
 * @throws AwsError SsmInvalidParameter, and those of requireImage
 * Source: EC2 User Guide, "Reference AMIs using Systems Manager parameters".
 */
export function requireLaunchImage(state: Ec2State, asked: string): ImageRecord {
  const [, parameter = ''] = /^resolve:ssm:(.*?)(?::1)?$/.exec(asked) ?? []
  if (parameter === '') return requireImage(state, asked)
  const image = imageOfParameter(state, parameter)
  if (image) return image
  const there = [...new Set(Object.values(state.images).flatMap(({ base, name }) => (base ? [name] : [])))]
  throw new AwsError(
    'SsmInvalidParameter',
    `The parameter ${parameter} leads to no image of the local cloud, which has ${there.join(', ') || 'none yet'}`,
  )
}
