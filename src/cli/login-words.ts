/** Options of ssh(1) that are followed by a value. Source: ssh(1) of OpenSSH 9.9, SYNOPSIS. */
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw'

export interface LoginWords {
  /** Words for ssh itself. */
  readonly sshOptions: readonly string[]
  /** Words of the remote command. */
  readonly command: readonly string[]
}

/**
 * What is behind `--`: options of ssh as long as they begin with a dash, each with its value, then the remote command, as
 * ssh itself reads it. `-L 8080:localhost:80 uptime` is an option and a command; a `--` between them is allowed.
 */
export function splitLoginWords(words: readonly string[]): LoginWords {
  let at = 0
  while (at < words.length && /^-./.test(words[at]!) && words[at] !== '--') at += takesNext(words[at]!) ? 2 : 1
  return { sshOptions: words.slice(0, at), command: words.slice(words[at] === '--' ? at + 1 : at) }
}

/** `-L`, and `-vL`; not `-Lx`, which has its value already. */
function takesNext(word: string): boolean {
  const first = Array.from(word.slice(1)).findIndex((letter) => WITH_VALUE.includes(letter))
  return first >= 0 && first === word.length - 2
}
