import { basename } from 'node:path'

/** `[~]|1> `: the last part of the working directory and the number of the input. */
export function renderPrompt(directory: string, home: string | undefined, number: number): string {
  const place = directory === home ? '~' : basename(directory) || '/'
  return `[${place}]|${number}> `
}
