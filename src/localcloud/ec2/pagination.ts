import { AwsError, invalidValue } from '../protocol/aws-error.js'

export interface PageRequest {
  readonly MaxResults?: number | undefined
  readonly NextToken?: string | undefined
}

/**
 * One page of a listing. The token names the last item seen, not a position: what is made or forgotten between two pages
 * neither repeats nor hides another item.
 *
 * @param items in ascending order of their keys
 * @param limits smallest and largest MaxResults the action allows
 * @throws AwsError InvalidParameterValue, InvalidNextToken
 */
export function paginate<T, K extends string | number>(
  items: readonly T[],
  keyOf: (item: T) => K,
  request: PageRequest,
  limits: { readonly min: number; readonly max: number } = { min: 5, max: 1000 },
): { page: readonly T[]; NextToken?: string } {
  const { MaxResults: size, NextToken: token } = request
  if (size !== undefined && (!Number.isInteger(size) || size < limits.min || size > limits.max)) {
    throw invalidValue(
      size,
      'maxResults',
      `Expecting a value greater than or equal to ${limits.min} and at most ${limits.max}.`,
    )
  }
  const after = token ? readToken(token) : undefined
  const start = after === undefined ? 0 : items.findIndex((item) => keyOf(item) > after)
  const rest = start < 0 ? [] : start === 0 ? items : items.slice(start)
  if (size === undefined || rest.length <= size) return { page: rest }
  const page = rest.slice(0, size)
  const last = page.at(-1)
  return last === undefined ? { page } : { page, NextToken: writeToken(keyOf(last)) }
}

function writeToken(key: string | number): string {
  return Buffer.from(JSON.stringify({ after: key })).toString('base64url')
}

function readToken(token: string): string | number {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { after?: unknown }
    if (typeof after === 'string' || typeof after === 'number') return after
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new AwsError('InvalidNextToken', 'The token is invalid.')
}
