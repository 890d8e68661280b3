import { AwsError } from '../../protocol/aws-error.js'

export const badMapping = (message: string) => new AwsError('InvalidBlockDeviceMapping', message)
