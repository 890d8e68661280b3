import { StarClusterError } from '../errors.js'
import { nearest } from '../nearest.js'

export class KeyPairDoesNotExist extends StarClusterError {
  readonly code = 'KeyPairDoesNotExist'
}

export class KeyPairAlreadyExists extends StarClusterError {
  readonly code = 'KeyPairAlreadyExists'
}

/** A private key is never written over another file, nor into a folder that does not exist. */
export class KeyFileRefused extends StarClusterError {
  readonly code = 'KeyFileRefused'
}

export class BucketDoesNotExist extends StarClusterError {
  readonly code = 'BucketDoesNotExist'
}

export class InvalidImageName extends StarClusterError {
  readonly code = 'InvalidImageName'
}

/** AWS has no such thing as was asked for any more. */
export class NoLongerAvailable extends StarClusterError {
  readonly code = 'NoLongerAvailable'
}

export class SpotHistoryError extends StarClusterError {
  readonly code = 'SpotHistoryError'
}

/** The end of a message about something that does not exist: the nearest name there is, and as a hint some of them. */
export function others(wanted: string, existing: readonly string[]): { near: string; list: string } {
  const close = nearest(wanted, existing)
  const shown = existing.slice(0, 10).join(', ')
  return {
    near: close === undefined ? '' : ` (did you mean ${close}?)`,
    list: existing.length > 10 ? `${shown}, ... (${existing.length})` : shown,
  }
}
