import { expect, test } from 'vitest'
import { separateRemoteCommand, splitAtCommand } from '../../src/cli/words.js'

test.each([
  [['listclusters'], { globals: [], word: 'listclusters', rest: [] }],
  [
    ['-c', 'f', '-r', 'local', 'start', '-c', 't', 'x'],
    { globals: ['-c', 'f', '-r', 'local'], word: 'start', rest: ['-c', 't', 'x'] },
  ],
  [['--config=f', '-d', 'shell'], { globals: ['--config=f', '-d'], word: 'shell', rest: [] }],
  [['--version'], { globals: ['--version'], word: undefined, rest: [] }],
])('%j splits at its command word', (argv, expected) => {
  expect(splitAtCommand(argv)).toEqual(expected)
})

test.each([
  [['t', 'ls', '-la'], 1, ['t', '--', 'ls', '-la']],
  [['-u', 'me', 't', 'ls', '-u'], 1, ['-u', 'me', 't', '--', 'ls', '-u']],
  [['t', '-A', 'ls', '-l'], 1, ['t', '-A', '--', 'ls', '-l']],
  [['t', 'node001', 'echo', '-n', 'x'], 2, ['t', 'node001', '--', 'echo', '-n', 'x']],
  [['t', '--', 'ls', '-la'], 1, ['t', '--', 'ls', '-la']],
  [['t'], 1, ['t']],
])('%j: the remote command is kept apart after %i arguments', (args, operands, expected) => {
  expect(separateRemoteCommand(args, operands, ['-u', '--user'])).toEqual(expected)
})
