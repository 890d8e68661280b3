import type { InstanceMarketOptionsRequest } from '@aws-sdk/client-ec2'
import { AwsError, invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import { unsupported } from '../unsupported.js'
import type { SpotTerms } from './records.js'

interface Asked {
  readonly type: string | undefined
  readonly behavior: string | undefined
  readonly maxPrice: string | undefined
  readonly validUntil: Date | undefined
  readonly blockMinutes: number | undefined
}

/**
 * The spot terms of a RunInstances request; undefined for an on-demand instance.
 * Source: EC2 API reference, SpotMarketOptions: persistent requests only with hibernate or stop.
 */
export function marketTerms(options: InstanceMarketOptionsRequest | undefined, now: Date): SpotTerms | undefined {
  if (!options || (options.MarketType === undefined && options.SpotOptions === undefined)) return undefined
  if (options.MarketType !== 'spot') throw unsupported(`the market type '${options.MarketType ?? ''}'`)
  const { SpotOptions: spot = {} } = options
  return spotTerms(
    {
      type: spot.SpotInstanceType,
      behavior: spot.InstanceInterruptionBehavior,
      maxPrice: spot.MaxPrice,
      validUntil: spot.ValidUntil,
      blockMinutes: spot.BlockDurationMinutes,
    },
    now,
  )
}

/** @throws AwsError InvalidParameterValue, InvalidParameterCombination, UnsupportedOperation */
export function spotTerms(asked: Asked, now: Date): SpotTerms {
  const { type = 'one-time', behavior = 'terminate', maxPrice, validUntil } = asked
  if (type !== 'one-time' && type !== 'persistent') throw invalidValue(type, 'spotInstanceType')
  if (behavior !== 'terminate' && behavior !== 'stop' && behavior !== 'hibernate') {
    throw invalidValue(behavior, 'instanceInterruptionBehavior')
  }
  if (maxPrice !== undefined && !(/^\d*\.?\d+$/.test(maxPrice) && Number(maxPrice) > 0)) {
    throw new AwsError(
      'InvalidParameterValue',
      `Invalid value '${maxPrice}' for spotPrice: it must be a number above 0`,
    )
  }
  if (asked.blockMinutes !== undefined) throw unsupported('spot instances with a defined duration')
  if (validUntil !== undefined && validUntil <= now) {
    throw new AwsError('InvalidTime', 'The validUntil time must be later than the current time.')
  }
  // Source: github.com/harmony-one/harmony-ops/issues/285, EC2's answer quoted there.
  if (type === 'one-time' && behavior !== 'terminate') {
    const message = `The request with type '${type}' is not supported when instanceInterruptionBehavior is set to '${behavior}'.`
    throw invalidCombination(message)
  }
  if (type === 'persistent' && behavior === 'terminate') {
    throw unsupported('persistent spot requests that launch again after an interruption; use the behavior stop')
  }
  return {
    type,
    behavior,
    ...(maxPrice === undefined ? {} : { maxPrice }),
    ...(validUntil === undefined ? {} : { validUntil: validUntil.toISOString() }),
  }
}
