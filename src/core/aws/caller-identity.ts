import type { STS } from '@aws-sdk/client-sts'

/** Who the credentials belong to. */
export interface CallerIdentity {
  readonly account: string
  readonly arn: string
}

/** Asks AWS whose credentials we use; fails when they are wrong. */
export async function describeCaller(
  sts: Pick<STS, 'getCallerIdentity'>,
  signal?: AbortSignal,
): Promise<CallerIdentity> {
  const { Account, Arn } = await sts.getCallerIdentity({}, abortable(signal))
  return { account: Account ?? '', arn: Arn ?? '' }
}

/** Options of an SDK call that ends with a signal. */
export function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
