import { ImageStore } from '../../../src/localcloud/nodes/images.js'

// A process that builds the base image below its argument, telling how far it is, until it is killed.
await new ImageStore(process.argv[2] ?? '').ensureBase((line) => process.stdout.write(`${line}\n`))
