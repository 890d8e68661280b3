import type { Cloud } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'
import { imageOfParameter } from './image-parameters.js'

/** As SSM tells a parameter; dates in seconds since 1970. Source: Systems Manager API reference, Parameter. */
export interface Parameter {
  readonly Name: string
  readonly Type: 'String'
  readonly Value: string
  readonly Version: number
  readonly Selector?: string
  readonly LastModifiedDate: number
  readonly ARN: string
  readonly DataType: 'aws:ec2:image'
}

type Input = Readonly<Record<string, unknown>>

/** Source: Systems Manager API reference, GetParameter. @throws AwsError */
export function getParameter(input: Input, cloud: Cloud): object {
  const found = findParameter(nameOf(input.Name), cloud)
  if (found === 'version') {
    throw new AwsError(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${versionOf(String(input.Name))} of ${plainName(String(input.Name))}.`,
    )
  }
  if (!found) throw new AwsError('ParameterNotFound', '')
  return { Parameter: found }
}

/** Up to ten at once; those that do not exist are named, none is an error. Source: the same, GetParameters. */
export function getParameters(input: Input, cloud: Cloud): object {
  const names = input.Names
  if (!Array.isArray(names) || names.length < 1 || names.length > 10) {
    throw invalid(`Value '${JSON.stringify(names)}' at 'names' failed to satisfy constraint: 1 to 10 names`)
  }
  const wanted = [...new Set(names.map(nameOf))]
  const found = wanted.map((name) => [name, findParameter(name, cloud)] as const)
  return {
    Parameters: found.flatMap(([, parameter]) => (typeof parameter === 'object' ? [parameter] : [])),
    InvalidParameters: found.flatMap(([name, parameter]) => (typeof parameter === 'object' ? [] : [name])),
  }
}

/** Every parameter here has one version. -> `version`: the parameter is there, the version asked for is not */
function findParameter(asked: string, cloud: Cloud): Parameter | 'version' | undefined {
  const name = plainName(asked)
  const image = imageOfParameter(cloud.state.ec2, name)
  const version = versionOf(asked)
  if (!image) return undefined
  if (version !== undefined && version !== '1') return 'version'
  return {
    Name: name,
    Type: 'String',
    Value: image.id,
    Version: 1,
    ...(version === undefined ? {} : { Selector: `:${version}` }),
    LastModifiedDate: Date.parse(image.createdAt) / 1000,
    ARN: `arn:aws:ssm:${cloud.region}::parameter${name}`,
    DataType: 'aws:ec2:image',
  }
}

/** A name, or the ARN that holds one, without the `:VERSION` behind it. */
const plainName = (asked: string) => asked.replace(/^arn:aws:ssm:[^:]*:\d*:parameter/, '').replace(/:[^:/]*$/, '')
const versionOf = (asked: string) => /[^:]:([^:/]+)$/.exec(asked)?.[1]

function nameOf(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name
  throw invalid(`Value '${JSON.stringify(name)}' at 'name' failed to satisfy constraint: a text that is not empty`)
}

const invalid = (message: string) => new AwsError('ValidationException', `1 validation error detected: ${message}`)
