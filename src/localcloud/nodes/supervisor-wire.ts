/** A line of the supervisor's protocol: `word key=value key=value`, values percent-encoded. See guest/host/wire.pl. */
export interface WireLine {
  readonly word: string
  readonly fields: Readonly<Record<string, string>>
}

export function encodeLine(word: string, fields: Record<string, string | number> = {}): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${escapeValue(String(value))}`)
  return `${[word, ...pairs].join(' ')}\n`
}

export function decodeLine(line: string): WireLine {
  const [word = '', ...pairs] = line.split(' ')
  const fields: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at > 0) fields[pair.slice(0, at)] = unescapeValue(pair.slice(at + 1))
  }
  return { word, fields }
}

function escapeValue(value: string): string {
  const bytes = Buffer.from(value)
  let text = ''
  for (const byte of bytes) {
    const char = String.fromCharCode(byte)
    text += /[A-Za-z0-9_.:/,-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

function unescapeValue(value: string): string {
  const bytes: number[] = []
  for (let at = 0; at < value.length; at++) {
    const hex = value[at] === '%' ? /^[0-9A-Fa-f]{2}/.exec(value.slice(at + 1, at + 3))?.[0] : undefined
    if (hex === undefined) bytes.push(...Buffer.from(value[at] ?? ''))
    else {
      bytes.push(Number.parseInt(hex, 16))
      at += 2
    }
  }
  return Buffer.from(bytes).toString()
}
