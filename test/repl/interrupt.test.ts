import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Pty } from '../support/pty.js'
import { openShell, tempDir } from './open-shell.js'

/** After an interrupt: a TypeScript line, an edit and a run of a plugin work. */
async function stillUsable(shell: Pty, plugin: string, edit: string): Promise<void> {
  shell.enter(`const after${edit}: string = 'usable ' + '${edit}'; after${edit}`)
  await shell.sees(`\n'usable ${edit}'\n`)
  writeFileSync(plugin, edit)
  shell.enter(`cm.runPlugin('${plugin}')`)
  await shell.sees(`running ${edit}\n`)
  await shell.sees(`'${edit} done'\n`)
}

test('Ctrl-C ends a loop, an await and a running plugin, and the shell goes on', async () => {
  using folder = tempDir()
  const plugin = join(folder.path, 'plugin')
  await using shell = await openShell()

  shell.enter(`console.log('loop' + 'ing'); while (true) {}`)
  await shell.sees('looping\n')
  shell.ctrlC()
  await shell.sees('Interrupted\n')
  await stillUsable(shell, plugin, 'one')

  shell.enter(`console.log('wait' + 'ing'); await new Promise(() => {})`)
  await shell.sees('waiting\n')
  shell.ctrlC()
  await shell.sees('Interrupted\n')
  await stillUsable(shell, plugin, 'two')

  writeFileSync(plugin, 'slow')
  shell.enter(`cm.runPlugin('${plugin}')`)
  await shell.sees('running slow\n')
  shell.ctrlC()
  await shell.sees('Interrupted\n')
  await stillUsable(shell, plugin, 'three')

  writeFileSync(plugin, 'stubborn')
  shell.enter(`cm.runPlugin('${plugin}')`)
  await shell.sees('running stubborn\n')
  shell.ctrlC()
  await shell.sees('Interrupted\n')
  await stillUsable(shell, plugin, 'four')

  shell.enter('!echo local; sleep 1000')
  await shell.sees('\nlocal\n')
  shell.ctrlC()
  await shell.sees('Interrupted\n')
  await stillUsable(shell, plugin, 'five')
})

test('Ctrl-C stops a call that holds the event loop, right after the line began too', async () => {
  using folder = tempDir()
  const plugin = join(folder.path, 'plugin')
  writeFileSync(plugin, 'slow')
  await using shell = await openShell()
  for (let n = 0; n < 10; n++) {
    shell.enter(`cm.runPlugin('${plugin}')`)
    await shell.sees('running slow\n')
    shell.ctrlC()
    await shell.sees('Interrupted\n')
  }
})

test.each([
  ['after an await', `await null; console.log('st' + 'uck'); while (true);`],
  [
    'in a callback',
    `setTimeout(() => { console.log('st' + 'uck'); do {} while (true) }, 1); await new Promise(() => {})`,
  ],
  [
    'in a function called later',
    `async function f() { await null; console.log('st' + 'uck'); for (;;) {} }; Promise.resolve(0).then(f)`,
  ],
])('Ctrl-C ends a loop %s', async (_, code) => {
  await using shell = await openShell()
  shell.enter(code)
  await shell.sees('stuck\n')
  shell.ctrlC()
  await shell.sees('Interrupted\n')
  expect(shell.text).not.toContain('Error: Interrupted')
  shell.enter(`'still ' + 'here'`)
  await shell.sees(`\n'still here'\n`)
  expect(shell.text).not.toContain('To exit')
})

test('a file that does not give way says so, and the shell can be left', async () => {
  await using shell = await openShell()
  shell.enter('cm.hang()')
  await shell.sees('hanging\n')
  shell.ctrlC()
  await shell.sees('To end the shell, press Ctrl-C again')
  shell.ctrlC()
  expect(await shell.exit()).not.toBe(0)
})

test('keys typed while a line keeps the loop busy arrive in order', async () => {
  await using shell = await openShell()
  shell.enter(`console.log('bu' + 'sy'); { const end = Date.now() + 1500; while (Date.now() < end) {} }`)
  await shell.sees('busy\n')
  for (let n = 0; n < 30; n++) shell.enter(`'line ' + ${n}`)
  for (let n = 0; n < 30; n++) await shell.sees(`'line ${n}'\n`)
})

test('also those typed at different moments of it', async () => {
  await using shell = await openShell()
  shell.enter(`console.log('bu' + 'sy'); { const end = Date.now() + 3000; while (Date.now() < end) {} }`)
  await shell.sees('busy\n')
  for (let n = 0; n < 4; n++) {
    shell.enter(`'line ' + ${n}`)
    await delay(500) // the keys are read, one line after the other, while the loop stands still
  }
  for (let n = 0; n < 4; n++) await shell.sees(`'line ${n}'\n`)
})

test('Ctrl-C twice at an empty prompt leaves, and at a line only clears it', async () => {
  await using shell = await openShell()
  shell.type('half a li')
  await shell.sees('half a li')
  shell.ctrlC()
  shell.enter(`'still ' + 'here'`)
  await shell.sees(`\n'still here'\n`)
  shell.ctrlC()
  await shell.sees('To exit, press Ctrl+C again')
  shell.ctrlC()
  expect(await shell.exit()).toBe(0)
})

test.each([['.exit\r'], ['exit\r'], ['quit()\r'], ['\x04']])('%j leaves with status 0', async (keys) => {
  await using shell = await openShell()
  shell.type(keys)
  expect(await shell.exit()).toBe(0)
})
