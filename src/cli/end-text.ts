import { lengthText, localTime } from '../index.js'

/** `2026-01-31 17:15:00 CET (in 2h 10m)` */
export function endText(ends: Date, now = new Date()): string {
  const left = ends.getTime() - now.getTime()
  const when = left >= 0 ? `in ${lengthText(left)}` : `${lengthText(-left)} ago`
  return `${localTime(ends)} (${when})`
}
