import { localTime } from '../../index.js'

export { localTime }

/** Text from elsewhere (tags, names of strangers' images) without what a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    if (character === '\n' || character === '\t') return ' '
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** A price in US dollars with four decimals, as spot prices are quoted. */
export function dollars(price: number): string {
  return `$${price.toFixed(4)}`
}
