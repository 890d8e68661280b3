import { foldNodeNames } from '../index.js'

interface Span {
  readonly node: string
  readonly command: string
  readonly fromMs: number
  readonly toMs: number
  readonly failed: boolean
}

/** What ran on which node, when, and for how long. */
export class Timeline {
  private readonly spans: Span[] = []

  add(span: Span): void {
    this.spans.push(span)
  }

  /** The same command at about the same time on several nodes is one line, with the slowest one's times. */
  render(): string {
    if (this.spans.length === 0) return 'No commands were run on nodes.'
    const groups: Span[][] = []
    for (const span of [...this.spans].sort((a, b) => a.fromMs - b.fromMs)) {
      const same = groups.findLast(
        (group) => group[0]!.command === span.command && !group.some(({ node }) => node === span.node),
      )
      if (same && span.fromMs - same[0]!.fromMs < 1000) same.push(span)
      else groups.push([span])
    }
    const rows = groups.map((group) => {
      const from = Math.min(...group.map(({ fromMs }) => fromMs))
      const slowest = Math.max(...group.map(({ toMs }) => toMs))
      const [{ command } = { command: '' }] = group
      const mark = group.some(({ failed }) => failed) ? ' FAILED' : ''
      const nodes = foldNodeNames(group.map(({ node }) => node))
      return [seconds(from), seconds(slowest - from), nodes, `${command.replace(/\s+/g, ' ').slice(0, 100)}${mark}`]
    })
    const width = (column: number) => Math.max(...rows.map((row) => row[column]!.length))
    const lines = rows.map(
      ([at = '', took = '', nodes = '', what]) =>
        `  ${at.padStart(Math.max(5, width(0)))}  ${took.padStart(Math.max(4, width(1)))}  ${nodes.padEnd(width(2))}  ${what}`,
    )
    return [`  ${'at s'.padStart(Math.max(5, width(0)))}  ${'took'.padStart(Math.max(4, width(1)))}`, ...lines].join(
      '\n',
    )
  }
}

const seconds = (ms: number) => (ms / 1000).toFixed(2)
