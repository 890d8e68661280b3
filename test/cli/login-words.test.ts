import { expect, test } from 'vitest'
import { splitLoginWords } from '../../src/cli/login-words.js'

test.each([
  ['', [], []],
  ['uname -a', [], ['uname', '-a']],
  ['-L 8080:localhost:80', ['-L', '8080:localhost:80'], []],
  ['-N -L 8080:localhost:80 -v', ['-N', '-L', '8080:localhost:80', '-v'], []],
  ['-vL 8080:localhost:80 uptime -p', ['-vL', '8080:localhost:80'], ['uptime', '-p']],
  ['-L8080:localhost:80 uptime', ['-L8080:localhost:80'], ['uptime']],
  ['-o ServerAliveInterval=5 -- -odd', ['-o', 'ServerAliveInterval=5'], ['-odd']],
  ['-oLogLevel=VERBOSE ls', ['-oLogLevel=VERBOSE'], ['ls']],
  ['- x', [], ['-', 'x']],
])('behind --: %s', (text, sshOptions, command) => {
  expect(splitLoginWords(text === '' ? [] : text.split(' '))).toEqual({ sshOptions, command })
})
