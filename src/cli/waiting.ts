import { StatusLine } from './status-line.js'

/** Runs an act that tells what it waits for, and shows that in a line at the bottom of the terminal while it lasts. */
export async function showingProgress<T>(act: (onProgress: (doing: string) => void) => Promise<T>): Promise<T> {
  if (!StatusLine.fits(process.stderr)) return act(() => undefined)
  const begun = Date.now()
  let doing: string | undefined
  const seconds = () => Math.round((Date.now() - begun) / 1000)
  const line = new StatusLine(process.stderr, () => doing && `... ${doing} (${seconds()} s)`)
  line.begin()
  try {
    return await act((text) => {
      doing = text
    })
  } finally {
    line.end()
  }
}
