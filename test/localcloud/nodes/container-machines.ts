import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ContainerImages,
  type ContainerNodeEngine,
  createContainerEngine,
} from '../../../src/localcloud/nodes/container/container-engine.js'
import { ContainerProgram } from '../../../src/localcloud/nodes/container/container-program.js'
import type { NodeEngine } from '../../../src/localcloud/nodes/engine.js'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { importBase, openTestEngine, pipe, type TestEngine } from '../../support/container-engine.js'
import { DISK_ROOT, Machines } from './machines.js'

/** What the tests of one file share: the engine, an image for it, our program, and root's base image in its volume. */
export interface ContainerSetup {
  readonly engine: TestEngine
  readonly programDir: string
  close(): Promise<void>
}

export async function setUpContainers(): Promise<ContainerSetup> {
  const programDir = mkdtempSync(join(tmpdir(), 'sc-program-'))
  execFileSync(process.execPath, ['scripts/lib/build/container.mjs', programDir])
  const base = await new ImageStore(DISK_ROOT).ensureBase()
  const engine = await openTestEngine()
  try {
    await importBase(engine, join(DISK_ROOT, 'images', 'layers', base.id))
    const { name, env, image } = engine
    const files = readdirSync(join(DISK_ROOT, 'images')).filter((file) => file === `${base.id}.json`)
    const exact = ['--numeric-owner', '--xattrs', '--xattrs-include=*']
    const disks = ['--volume', 'starcluster:/disks', '--network', 'none', '--entrypoint', 'sh']
    await pipe(
      ['tar', '-c', ...exact, '-C', join(DISK_ROOT, 'images'), `layers/${base.id}`, ...files],
      [
        name,
        'run',
        '--rm',
        '--interactive',
        ...disks,
        image,
        '-c',
        `mkdir -p /disks/images && tar -x ${exact.join(' ')} -C /disks/images`,
      ],
      env,
    )
  } catch (error) {
    await engine.close()
    rmSync(programDir, { recursive: true, force: true })
    throw error
  }
  const close = async () => {
    await engine.close()
    rmSync(programDir, { recursive: true, force: true })
  }
  return { engine, programDir, close }
}

/** Nodes in a container of Docker or Podman. */
export class ContainerMachines extends Machines {
  constructor(private readonly setup: ContainerSetup) {
    super((machines) => newEngine(setup, machines))
  }

  override async open(): Promise<void> {
    this.image = await this.images.ensureBase()
  }

  get images(): ContainerImages {
    return (this.engine as ContainerNodeEngine).images
  }

  /** Runs a shell script in the container. */
  inside(script: string): string {
    const { name, env } = this.setup.engine
    return execFileSync(name, ['exec', this.container, 'sh', '-c', script], { env }).toString().trim()
  }

  get container(): string {
    const [, home] = readFileSync(join(this.dir, 'state', 'container-home'), 'utf8')
      .trim()
      .split(' ')
    return `starcluster-${home}`
  }
}

function newEngine({ engine, programDir }: ContainerSetup, machines: Machines): NodeEngine {
  const env = { ...engine.env, STARCLUSTER_CONTAINER_IMAGE: engine.image }
  const program = new ContainerProgram(engine.name, env)
  return createContainerEngine({ ...machines.options(), program, programDir, env })
}
