import { configureLog, createStarCluster, type StarCluster, starclusterPaths } from '../index.js'
import type { CliContext } from './context.js'

/** Sets up logging to screen and file, then composes the library for one command. */
export async function openStarCluster(cli: CliContext): Promise<StarCluster> {
  const sink = openLog(cli)
  const { config, region } = cli.globals
  const sc = await createStarCluster({
    env: cli.env,
    ...(config === undefined ? {} : { configFile: config }),
    ...(region === undefined ? {} : { region }),
  })
  return {
    ...sc,
    close: async () => {
      await sc.close()
      sink.close()
    },
  }
}

/** The log of a command that needs no cloud: screen and debug.log only. */
export function openLog(cli: CliContext): { close(): void } {
  return configureLog({
    screen: { stdout: process.stdout, stderr: process.stderr, debug: cli.globals.debug === true },
    file: `${starclusterPaths(cli.env).logs}/debug.log`,
  })
}
