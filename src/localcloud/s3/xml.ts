import type { CloudResponse } from '../cloud.js'
import { escapeXml } from '../server/error-response.js'

/** Content of an element: text, children in order, or nothing at all. */
export type Xml = string | number | boolean | readonly XmlElement[]
export type XmlElement = readonly [name: string, content: Xml | undefined]

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

export function xmlAnswer(name: string, content: Xml, headers: Readonly<Record<string, string>> = {}): CloudResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${inner(content)}</${name}>`
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body }
}

function inner(content: Xml): string {
  if (typeof content === 'string') return escapeXml(content)
  if (!Array.isArray(content)) return String(content)
  return (content as readonly XmlElement[])
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${inner(value)}</${name}>`))
    .join('')
}

/** Texts of all elements of that name anywhere in a small document whose elements hold text or elements only. */
export function elementTexts(xml: string, name: string): string[] {
  const pattern = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([\\s\\S]*?)</(?:\\w+:)?${name}\\s*>`, 'g')
  return [...xml.matchAll(pattern)].map((found) => found[1]!)
}

export function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal) return String.fromCodePoint(Number(decimal))
    return ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as Record<string, string>)[name!] ?? whole
  })
}
