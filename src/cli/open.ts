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
      stdout: aboveStatus(cli, cli.logStream),
      stderr: aboveStatus(cli, process.stderr),
      debug: cli.globals.debug === true,
    },
    file: starclusterPaths(cli.env).debugLog,
  })
}

/** The stream, with the status line taken away before each write. */
function aboveStatus(cli: CliContext, stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return Object.assign(Object.create(stream) as NodeJS.WriteStream, {
    write: (text: string) => {
      cli.clearStatus()
      return stream.write(text)
    },
  })
}
