import type { Asking } from './deps.js'

/** A wait for something that AWS does by itself, which may be told of and may be left. */
export interface Waiting extends Asking {
  /** Told now and then what is being waited for, in a few words. */
  readonly onProgress?: ((doing: string) => void) | undefined
}
