import { type ConfigError, configureLog, createStarCluster, type StarCluster, starclusterPaths } from '../index.js'
import type { CliContext } from './context.js'

/** Composes the library for one command. @param configProblems where mistakes of the config go instead of ending it */
export async function openStarCluster(
  cli: Pick<CliContext, 'globals' | 'env'>,
  configProblems?: ConfigError[],
): Promise<StarCluster> {
  const { config, region } = cli.globals
  return await createStarCluster({
    env: cli.env,
    ...(config === undefined ? {} : { configFile: config }),
    ...(region === undefined ? {} : { region }),
    ...(configProblems === undefined ? {} : { configProblems }),
  })
}

/** The shared log speaks to the screen, and to debug.log. */
export function openLog(cli: CliContext): void {
  configureLog({
    screen: {
      stdout: cli.logStream,
      stderr: process.stderr,
      debug: cli.globals.debug === true,
    },
    file: starclusterPaths(cli.env).debugLog,
  })
}
