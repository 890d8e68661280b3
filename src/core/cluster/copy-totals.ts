import type { TransferProgress } from '../ssh/transfer.js'

/** How far a copy to or from several nodes is, all together. Sizes in bytes; see `TransferProgress`. */
export type CopyProgress = Omit<TransferProgress, 'file'> & { readonly nodes: number }

/** Adds up the progress of nodes. */
export class CopyTotals {
  private readonly last = new Map<string, TransferProgress>()

  /** @param bytesEach to be copied for each node, where that is known; else what the nodes have told by now counts */
  constructor(
    private readonly nodes: number,
    private readonly bytesEach: number | undefined,
  ) {}

  add(node: string, progress: TransferProgress): void {
    this.last.set(node, progress)
  }

  get sum(): CopyProgress {
    const all = [...this.last.values()]
    const sum = (figure: (progress: TransferProgress) => number) => all.reduce((total, one) => total + figure(one), 0)
    return {
      nodes: this.nodes,
      filesDone: sum(({ filesDone }) => filesDone),
      filesTotal: sum(({ filesTotal }) => filesTotal),
      bytesDone: sum(({ bytesDone }) => bytesDone),
      bytesTotal: this.bytesEach === undefined ? sum(({ bytesTotal }) => bytesTotal) : this.bytesEach * this.nodes,
      bytesResumed: sum(({ bytesResumed }) => bytesResumed),
    }
  }
}
