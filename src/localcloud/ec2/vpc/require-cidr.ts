import { invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { parseCidr, type Range } from './cidr.js'

/** @throws AwsError MissingParameter, InvalidParameterValue */
export function requireCidr(text: string | undefined, parameter = 'cidrBlock'): Range {
  if (!text) throw missingParameter(parameter)
  const range = parseCidr(text)
  if (!range) throw invalidValue(text, parameter, 'This is not a valid CIDR block.')
  return range
}
