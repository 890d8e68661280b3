/**
 * One worker for each resource that has somewhere to go. What to do is read from the saved state before each step, so that
 * a daemon that was killed goes on from there.
 */
export abstract class Workers {
  protected closed = false
  private readonly waiting = new Set<string>()
  private readonly workers = new Map<string, Promise<void>>()

  /** Takes the steps of a resource, one after the other, until there is none or the work is closed. */
  protected abstract drive(id: string): Promise<void>
  /** Told what `drive` threw. */
  protected abstract failed(id: string, error: unknown): void

  /** Remembers that there is something to do for a resource; it begins with the next `wake`. */
  due(id: string): void {
    this.waiting.add(id)
  }

  /** To be called when the changes behind `due` are on disk. */
  wake(): void {
    if (this.closed) return
    const ids = [...this.waiting]
    this.waiting.clear()
    for (const id of ids) this.work(id)
  }

  /** Resolves when no worker has anything to do any more. */
  async settled(): Promise<void> {
    while (this.workers.size > 0) await Promise.all(this.workers.values())
  }

  /** Begins no further step; the next daemon goes on from the state. */
  async close(): Promise<void> {
    this.closed = true
    await this.settled()
  }

  /** Runs an act while nothing else moves these resources; what is asked of them meanwhile happens afterwards. */
  async alone<T>(ids: readonly string[], act: () => Promise<T>): Promise<T> {
    const before = ids.map((id) => this.atRest(id))
    const result = Promise.all(before).then(act)
    this.follow(
      ids,
      result.then(() => undefined).catch(() => undefined),
    )
    return result
  }

  /** Lets a worker drive a resource, after what is done to it now. */
  protected work(id: string): void {
    const driven = this.atRest(id).then(() => this.drive(id))
    this.follow(
      [id],
      driven.catch((error: unknown) => this.failed(id, error)),
    )
  }

  /** Resolves when what is done to a resource now has ended. */
  protected async atRest(id: string): Promise<void> {
    await this.workers.get(id)
  }

  private follow(ids: readonly string[], act: Promise<void>): void {
    const worker: Promise<void> = act.finally(() => {
      for (const id of ids) if (this.workers.get(id) === worker) this.workers.delete(id)
    })
    for (const id of ids) this.workers.set(id, worker)
  }
}
