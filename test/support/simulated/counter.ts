import type { Watch } from './watch.js'

/** What one command cost. */
export interface Cost {
  /** Calls by action, those refused for their rate left out. */
  readonly calls: ReadonlyMap<string, number>
  /** Calls refused for their rate, and made again. */
  readonly refused: number
  /** Commands run on each machine that ran any, by instance id. */
  readonly commands: ReadonlyMap<string, number>
  readonly seconds: number
}

/** Counts what commands ask of a simulated cloud. */
export class Counter {
  private calls = new Map<string, number>()
  private commands = new Map<string, number>()
  private refused = 0

  readonly watch: Watch = (when, { kind, what, machine = '', status }) => {
    if (kind === 'ssh' && when === 'before') add(this.commands, machine)
    if (kind !== 'api' || when === 'before') return
    if (status === 503) this.refused++
    else add(this.calls, what)
  }

  /** Runs a command and tells what it cost. */
  async cost(command: () => Promise<unknown>): Promise<Cost> {
    this.calls = new Map()
    this.commands = new Map()
    this.refused = 0
    const began = performance.now()
    await command()
    const seconds = (performance.now() - began) / 1000
    return { calls: this.calls, commands: this.commands, refused: this.refused, seconds }
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
