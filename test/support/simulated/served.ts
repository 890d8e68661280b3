import type { IncomingMessage, ServerResponse } from 'node:http'
import { ensureCredentials, writePrivateFile } from '../../../src/localcloud/daemon/credentials.js'
import { makeStateDirectory } from '../../../src/localcloud/daemon/launch.js'
import { listen } from '../../../src/localcloud/daemon/listen.js'
import { ownProcessId } from '../../../src/localcloud/daemon/process-id.js'
import { localPaths } from '../../../src/localcloud/paths.js'
import { createCloudServer } from '../../../src/localcloud/server/server.js'
import { handleSsm } from '../../../src/localcloud/ssm/handler.js'
import { CONTROL_PROTOCOL, programVersion } from '../../../src/localcloud/version.js'
import type { Simulated } from './manager.js'

/** Serves a simulated cloud as the daemon of its HOME, so that the built program uses it. @returns how to end that */
export async function serveAsDaemon({ cloud, services, engine, home }: Simulated): Promise<() => Promise<void>> {
  const paths = localPaths(home.env)
  makeStateDirectory(paths)
  const s3 = async () => ({ status: 501, headers: {}, body: '' })
  const server = createCloudServer({
    cloud,
    credentials: await ensureCredentials(paths.credentials),
    services: { ...services, s3, ssm: handleSsm },
    control: answerControl,
    unsaved: () => false,
  })
  const { port } = await listen(server, paths.port)
  const info = { process: ownProcessId(), port, sshPort: engine.sshPort, token: '', started: new Date().toISOString() }
  await writePrivateFile(
    paths.daemon,
    JSON.stringify({ ...info, version: programVersion(), protocol: CONTROL_PROTOCOL }),
  )
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
}

async function answerControl(_request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
  if (path !== '/ping') return false
  const ping = { version: programVersion(), protocol: CONTROL_PROTOCOL, imageReady: true }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ping))
  return true
}
