import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote, ShellCommand, sh } from '../../../src/core/ssh/quote.js'
import { anyShellLine } from '../../../src/core/ssh/remote-shell.js'

const word = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?[]{}()<>|&;#~ \t\n\r-=aé€') }))
  .map((text) => text.replaceAll('\0', ''))

/** The arguments a program gets when /bin/sh runs `command`. */
function wordsSeen(command: ShellCommand): string[] {
  return execFileSync('/bin/sh', ['-c', command.text]).toString().split('\0').slice(0, -1)
}

test('every value is one word that reaches the program unchanged', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const printable = words.map((text) => Buffer.from(text).toString())
      expect(wordsSeen(sh`printf '%s\\0' ${words}`)).toEqual(printable)
    }),
    { numRuns: 300 },
  )
})

test('an array becomes several words, an empty one none', () => {
  expect(sh`apt-get -y install -- ${['htop', 'a b', "it's"]}`.text).toBe("apt-get -y install -- htop 'a b' 'it'\\''s'")
  expect(sh`true ${[]}`.text).toBe('true ')
  expect(wordsSeen(sh`printf '%s\\0' ${['']}`)).toEqual([''])
})

test('another command is inserted as it is, a string never', () => {
  const inner = sh`echo ${'a;b'}`
  expect(sh`${inner} && ${[inner, 'x y']}`.text).toBe("echo 'a;b' && echo 'a;b' 'x y'")
  expect(sh`echo ${'$(reboot)'}`.text).toBe("echo '$(reboot)'")
  expect(String(inner)).toBe(inner.text)
})

test('numbers and booleans are words', () => {
  expect(sh`head -n ${3} ${true} ${10n}`.text).toBe('head -n 3 true 10')
})

test('values that are no words are refused', () => {
  for (const value of [undefined, null, {}, () => 1, 'a\0b', [undefined]])
    expect(() => sh`echo ${value as string}`).toThrow(TypeError)
  expect(() => quote('\0')).toThrow('NUL')
})

test('a script reaches /bin/sh unchanged through any login shell', () => {
  const shells = ['/bin/sh', '/bin/bash', '/bin/csh', '/usr/bin/fish', '/usr/bin/zsh'].filter(isInstalled)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (words) => {
      const line = anyShellLine(sh`printf '%s\\0' ${words}`.text)
      for (const shell of shells)
        expect(wordsSeenBy(shell, line)).toEqual(words.map((text) => Buffer.from(text).toString()))
    }),
    { numRuns: 30 },
  )
})

test('a ShellCommand made by hand is trusted', () => {
  expect(sh`${new ShellCommand('a | b')} > ${'f g'}`.text).toBe("a | b > 'f g'")
})

function wordsSeenBy(shell: string, line: string): string[] {
  return execFileSync(shell, ['-c', line]).toString().split('\0').slice(0, -1)
}

function isInstalled(path: string): boolean {
  try {
    execFileSync(path, ['-c', 'true'])
    return true
  } catch {
    return false
  }
}
