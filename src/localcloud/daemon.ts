import { writeFileSync } from 'node:fs'
import { Daemon } from './daemon/daemon.js'
import { openDaemonLog } from './daemon/daemon-log.js'
import { ownProcessId } from './daemon/process-id.js'
import { resetEverything } from './daemon/reset.js'
import { startFailureText } from './daemon/start-failure.js'
import { localPaths } from './paths.js'

/** The program of the local cloud, started by `ensureDaemon` under its lock; `--reset` removes everything instead. */
async function main(): Promise<void> {
  process.umask(0o022) // machines inherit it; our own files say their modes themselves
  const paths = localPaths(process.env)
  const log = openDaemonLog(paths.log)
  writeFileSync(paths.lock, `${JSON.stringify(ownProcessId())}\n`)
  if (process.argv.includes('--reset')) {
    await resetEverything(process.env, paths, log, { images: process.argv.includes('--images') })
    return
  }
  process.on('SIGHUP', () => undefined) // its terminal is none of its business
  const daemon = await Daemon.start(process.env, paths, log)
  process.on('unhandledRejection', (error) => log.error(`unhandled: ${error instanceof Error ? error.stack : error}`))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      daemon.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      )
    })
  }
}

function fail(error: unknown): never {
  try {
    const { dir, log } = localPaths(process.env)
    openDaemonLog(log).error(startFailureText(error, dir))
  } catch (noHome) {
    process.stderr.write(`${String(noHome)}\n`) // whoever started us reads this
  }
  process.exit(1)
}

main().catch(fail)
