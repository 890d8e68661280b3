import { type CopyProgress, log } from '../index.js'
import { StatusLine } from './status-line.js'

/** Without a terminal a line now and then is enough. */
const PLAIN_EVERY_MS = 15_000
/** The rate is that of the last seconds: links change. */
const WINDOW_MS = 5_000
const BAR_WIDTH = 24

interface Sample {
  readonly at: number
  readonly sent: number
}

/** Tells how far a copy is: a bar with rate and time left on a terminal, plain lines elsewhere. */
export class TransferBar implements Disposable {
  private progress: CopyProgress | undefined
  private samples: Sample[] = []
  private readonly status = new StatusLine(process.stderr, () => this.text(true))
  private readonly shows = StatusLine.fits(process.stderr)
  private readonly timer: NodeJS.Timeout | undefined

  /** @param what such as `put` */
  constructor(private readonly what: string) {
    if (this.shows) this.status.begin()
    else this.timer = setInterval(() => this.tellPlain(), PLAIN_EVERY_MS).unref()
  }

  update = (progress: CopyProgress): void => {
    const now = performance.now()
    this.progress = progress
    const last = this.samples.at(-1)
    if (last && now - last.at < 100) return
    this.samples.push({ at: now, sent: progress.bytesDone - progress.bytesResumed })
    this.samples = this.samples.filter(({ at }) => now - at <= WINDOW_MS)
  };

  [Symbol.dispose](): void {
    if (this.shows) this.status.end()
    clearInterval(this.timer)
  }

  private tellPlain(): void {
    const text = this.text(false)
    if (text !== undefined) log.info(text)
  }

  private text(withBar: boolean): string | undefined {
    const { progress } = this
    if (!progress) return undefined
    const { bytesDone, bytesTotal, nodes } = progress
    const share = bytesTotal === 0 ? 0 : Math.min(1, bytesDone / bytesTotal)
    const filled = Math.round(share * BAR_WIDTH)
    const bar = withBar ? ` [${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]` : ''
    const on = nodes === 1 ? '' : `, ${nodes} nodes`
    return `${this.what} ${String(Math.floor(share * 100)).padStart(3)}%${bar} ${bytes(bytesDone)} of ${bytes(bytesTotal)}${on}${this.speed(progress)}`
  }

  private speed({ bytesDone, bytesTotal, bytesResumed }: CopyProgress): string {
    const [first] = this.samples
    const elapsed = first ? performance.now() - first.at : 0
    if (!first || elapsed < 200) return ''
    const rate = (bytesDone - bytesResumed - first.sent) / (elapsed / 1000)
    if (rate <= 0) return ', stalled'
    return `, ${bytes(rate)}/s, ${duration((bytesTotal - bytesDone) / rate)} left`
  }
}

/** `1.2 GB`, in powers of 1000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = count
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** `12 s`, `3:05`, `2:10:00`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
