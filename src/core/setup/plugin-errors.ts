import { StarClusterError } from '../errors.js'

/** A plugin, or its section in the config, is not as it must be; the message names the section. */
export class PluginError extends StarClusterError {
  readonly code: string = 'PluginError'
}

/** The plugin's file was not found, or its code threw while it was loaded or constructed. */
export class PluginLoadError extends PluginError {
  override readonly code = 'PluginLoadError'
}

/** Where in a plugin's source something is wrong. Lines and columns count from 1. */
export interface SourceLocation {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The source line itself, without its line end. */
  readonly lineText: string
}

/** The plugin does not build. Nothing of it was run, old code included. */
export class PluginSyntaxError extends PluginError {
  override readonly code = 'PluginSyntaxError'
  readonly location: SourceLocation | undefined

  constructor(message: string, options: { location: SourceLocation | undefined; hint?: string; cause?: unknown }) {
    super(message, { cause: options.cause, hint: options.hint })
    this.location = options.location
  }
}

/** A hook threw. `cause` is what it threw; plugin, hook and node say where the chain stopped. */
export class PluginRunError extends PluginError {
  override readonly code = 'PluginRunError'
  readonly plugin: string
  readonly hook: string
  readonly node: string | undefined

  constructor(
    message: string,
    options: { plugin: string; hook: string; node: string | undefined; hint?: string | undefined; cause: unknown },
  ) {
    super(message, { cause: options.cause, hint: options.hint })
    this.plugin = options.plugin
    this.hook = options.hook
    this.node = options.node
  }
}

/** What was thrown, with the class of an error whose message alone says too little. */
export function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' ? error.name : `${error.name}: ${error.message}`
}
