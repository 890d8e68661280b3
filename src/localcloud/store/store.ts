import { copyFile, rename } from 'node:fs/promises'
import { LocalCloudError, reason } from '../local-error.js'
import { readStateFile, replaceStateFile, sealState } from './state-file.js'

/**
 * The state of the cloud in memory and on disk. One process owns it (the daemon's lock sees to that); it changes
 * `state` in place and calls `commit`, which resolves once everything changed so far is on disk.
 *
 * Group commit: one write is in flight at a time; commits that come meanwhile share the next one.
 */
export class CloudStore<State extends object> {
  private writing: Promise<void> = Promise.resolve()
  private next: Promise<void> | undefined
  private failure: Error | undefined

  private constructor(
    private readonly path: string,
    readonly state: State,
    /** Told to the user: set when the newest file was damaged and an older state is in use. */
    readonly notice: string | undefined,
    /** Text of what is on disk now; commits that change nothing write nothing. */
    private onDisk: string | undefined,
  ) {}

  /**
   * @param empty what a cloud starts with; also lends its members to a state of an older program that lacks them.
   * @throws LocalCloudError StateDamaged when a state was there and no copy of it can be trusted. Nothing is deleted.
   */
  static async open<State extends object>(path: string, empty: () => State): Promise<CloudStore<State>> {
    const newest = await readStateFile(path)
    if (newest !== 'missing' && 'state' in newest)
      return new CloudStore(path, parse(newest.state, empty), undefined, newest.state)
    const previous = await readStateFile(`${path}.1`)
    if (newest === 'missing' && previous === 'missing') return new CloudStore(path, empty(), undefined, undefined)
    const damage = newest === 'missing' ? 'it is missing' : newest.damage
    if (previous === 'missing' || 'damage' in previous) {
      const second =
        previous === 'missing' ? 'there is no older one' : `the one before it, ${path}.1: ${previous.damage}`
      throw new LocalCloudError(
        'StateDamaged',
        `the local cloud's state file ${path} cannot be used: ${damage}; ${second}`,
        {
          hint: "put a good copy of the file there, or give up what the local cloud holds with 'starcluster local reset'",
        },
      )
    }
    const notice = await setDamagedAside(path, damage)
    return new CloudStore(path, parse(previous.state, empty), notice, previous.state)
  }

  /** The state before the last commit, which stands in when the newest file is damaged. */
  static async readPrevious<State extends object>(path: string): Promise<State | undefined> {
    const previous = await readStateFile(`${path}.1`)
    return previous !== 'missing' && 'state' in previous ? (JSON.parse(previous.state) as State) : undefined
  }

  /** Set while the last attempt to save failed (disk full): what is in memory may be ahead of the disk. */
  get failing(): Error | undefined {
    return this.failure
  }

  /** @throws LocalCloudError StateNotSaved. The changes stay in memory and the next commit tries again. */
  commit(): Promise<void> {
    this.next ??= this.writeNext()
    return this.next
  }

  private async writeNext(): Promise<void> {
    await this.writing.catch(() => undefined) // its own callers hear of it
    this.next = undefined
    this.writing = this.write()
    return this.writing
  }

  private async write(): Promise<void> {
    const text = JSON.stringify(this.state)
    if (text === this.onDisk) return
    try {
      await replaceStateFile(this.path, sealState(text))
    } catch (cause) {
      const message = `the local cloud cannot save its state to ${this.path}: ${reason(cause)}`
      this.failure = new LocalCloudError('StateNotSaved', message, {
        cause,
        hint: 'make room on that disk and try again',
      })
      throw this.failure
    }
    this.onDisk = text
    this.failure = undefined
  }
}

function parse<State extends object>(text: string, empty: () => State): State {
  return { ...empty(), ...(JSON.parse(text) as State) }
}

/** The damaged file is kept for whoever wants to look; the good one takes its place before anything is written. */
async function setDamagedAside(path: string, damage: string): Promise<string> {
  const kept = `${path}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`
  if (damage !== 'it is missing') await rename(path, kept)
  await copyFile(`${path}.1`, `${path}.restore`)
  await rename(`${path}.restore`, path)
  const where = damage === 'it is missing' ? '' : ` (kept as ${kept})`
  return `the state file ${path} was damaged: ${damage}${where}; the last good state, ${path}.1, is used`
}
