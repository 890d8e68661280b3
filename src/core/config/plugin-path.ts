import { delimiter, resolve } from 'node:path'
import { expandPath, starclusterPaths } from '../paths.js'
import type { StarClusterConfig } from './types.js'

/**
 * Folders in which plugins are looked for, in order: `~/.starcluster/plugins`, `[global] plugin_path` (relative to the
 * config file), `$STARCLUSTER_PLUGIN_PATH`. They need not exist.
 */
export function pluginSearchPath(config: StarClusterConfig, env: NodeJS.ProcessEnv = process.env): string[] {
  const fromEnvironment = (env.STARCLUSTER_PLUGIN_PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => resolve(expandPath(folder, env)))
  return [...new Set([starclusterPaths(env).plugins, ...config.global.pluginPath, ...fromEnvironment])]
}
