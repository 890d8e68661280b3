import { StarClusterError } from '../errors.js'

export interface ErrorOptions {
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Something in the configuration is wrong; the message names file, section and setting. */
export class ConfigError extends StarClusterError {
  readonly code: string = 'ConfigError'
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options)
  }
}

export class ConfigNotFound extends ConfigError {
  override readonly code = 'ConfigNotFound'
}

export class ConfigHasNoSections extends ConfigError {
  override readonly code = 'ConfigHasNoSections'
}

export class ConfigSectionMissing extends ConfigError {
  override readonly code = 'ConfigSectionMissing'
}

export class NoDefaultTemplateFound extends ConfigError {
  override readonly code = 'NoDefaultTemplateFound'
}

export class PluginNotFound extends ConfigError {
  override readonly code = 'PluginNotFound'
}

export class KeyNotFound extends ConfigError {
  override readonly code = 'KeyNotFound'
}

export class ClusterTemplateDoesNotExist extends StarClusterError {
  readonly code = 'ClusterTemplateDoesNotExist'
}

/** What is done with a mistake: it is thrown, or kept while the reading goes on. */
export type Refuse = (error: ConfigError) => void

export const refuseByThrowing: Refuse = (error) => {
  throw error
}
