import { join } from 'node:path'
import { createNodeEngine } from '../../../src/localcloud/nodes/index.js'
import { DISK_ROOT } from './machines.js'

// A process that holds an engine until it is killed. Argument: the directory of the test's machines.
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const engine = createNodeEngine({
  stateDir: join(process.argv[2] ?? '', 'state'),
  diskRoot: DISK_ROOT,
  network: '10.78.0.0/16',
  sshPort: 22022,
  metadata: { instanceAt: () => undefined },
  log: quiet,
})
await engine.open()
process.stdout.write('open\n')
