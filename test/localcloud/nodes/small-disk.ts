import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { DISK_ROOT } from './machines.js'

/** A disk root on a file system of its own (in memory), with a copy of the base image. */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'sc-disk-'))
  private readonly stuffing = join(this.path, 'stuffing')

  constructor(mib: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=711`, 'none', this.path])
  }

  async copyBase(): Promise<string> {
    const { id } = await new ImageStore(DISK_ROOT).ensureBase()
    const layers = join(this.path, 'images', 'layers')
    mkdirSync(layers, { recursive: true, mode: 0o711 })
    const from = join(DISK_ROOT, 'images')
    execFileSync('cp', ['-a', join(from, 'layers', id), layers])
    execFileSync('cp', ['-a', join(from, `${id}.json`), join(this.path, 'images')])
    return id
  }

  /** Fills it so that only so much is left. */
  fill(leaveMib: number): void {
    const free =
      Number(execFileSync('stat', ['-f', '-c', '%a %S', this.path], { encoding: 'utf8' }).split(' ')[0]) * 4096
    try {
      writeFileSync(this.stuffing, Buffer.alloc(Math.max(0, free - leaveMib * 2 ** 20)))
    } catch (error) {
      // Somebody writes at the same time: it is full then.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }

  free(): void {
    rmSync(this.stuffing, { force: true })
  }

  dispose(): void {
    execFileSync('umount', ['-l', this.path])
    rmSync(this.path, { recursive: true, force: true })
  }
}
