/** Makes every sink print `****` in place of `value`, in all later messages. Values under 6 characters are not hidden. */
export function addSecret(value: string): void {
  if (value.length < SHORTEST) return
  secrets.add(value)
  // As it appears in a URL or in the body of a request.
  secrets.add(new URLSearchParams([['', value]]).toString().slice(1))
}

/** `text` without the registered secrets and without private keys in PEM form. */
export function redact(text: string): string {
  let clean = text
  // The longest first: a secret can be part of another one.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, '****')
  return clean.includes('PRIVATE KEY-----') ? clean.replace(PRIVATE_KEY, '****') : clean
}

/** A shorter value would turn ordinary words of the log into stars. */
const SHORTEST = 6

const secrets = new Set<string>()

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g
