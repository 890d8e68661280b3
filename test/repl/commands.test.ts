import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openShell, tempDir } from './open-shell.js'

test('.history, .save and .load: what was typed, and again in another session', async () => {
  using folder = tempDir()
  const file = join(folder.path, 'session.ts')
  {
    await using shell = await openShell()
    shell.enter('const base: number = 40')
    shell.enter('nope')
    shell.enter('function add(n: number) {')
    shell.enter('  return base + n')
    shell.enter('}')
    await shell.sees('|4> ')
    shell.enter('.history')
    await shell.sees(
      '\n1  const base: number = 40\n2  nope\n3  function add(n: number) {\n     return base + n\n   }\n',
    )
    shell.enter('.history 1')
    await shell.sees('.history 1\n3  function add')
    shell.enter('.history base')
    await shell.sees('.history base\n1  const base: number = 40\n3  function add')
    shell.enter('.history 0')
    await shell.sees('!!! ERROR - Usage: .history [COUNT | TEXT]')
    shell.enter(`.save ${file}`)
    await shell.sees('>>> 2 inputs saved to ')
  }
  expect(readFileSync(file, 'utf8')).toBe('const base: number = 40\nfunction add(n: number) {\n  return base + n\n}\n')
  await using other = await openShell()
  other.enter(`.load ${file}`)
  other.enter('add(2)')
  await other.sees('42\n')
  other.enter('.load /nowhere/at/all.ts')
  await other.sees('ENOENT')
})

test('.log says and sets the level', async () => {
  await using shell = await openShell()
  shell.enter('.log')
  await shell.sees('Messages are shown from level info on\n')
  shell.enter('.log debug')
  await shell.sees('Messages are shown from level debug on\n')
  shell.enter('.log loud')
  await shell.sees('!!! ERROR - Usage: .log [debug|info]\n')
})

test('.edit gives the terminal to the editor, also Ctrl-C, and takes it back', async () => {
  using folder = tempDir()
  const editor = join(folder.path, 'editor')
  writeFileSync(
    editor,
    `#!/bin/sh\ntrap 'echo "editor saw it"' INT\necho "editing $2 with $1"\nread a\necho "first is $a"\nuntil read b; do :; done\nprintf '%s %s\\n' "$a" "$b" > "$2"\nexit "\${EDITOR_STATUS:-0}"\n`,
  )
  chmodSync(editor, 0o755)
  const env = { EDITOR: `${editor} --flag`, VISUAL: '', SHELL_EDITS: folder.path }
  await using shell = await openShell({ env })
  shell.enter('.edit myplugin')
  await shell.sees(`editing ${folder.path}/myplugin.ts with --flag\n`)
  shell.enter('one')
  await shell.sees('first is one\n') // an interrupt throws away what was typed before it
  shell.ctrlC()
  await shell.sees('editor saw it\n')
  shell.enter('two')
  await shell.sees(/\]\|1> /)
  expect(readFileSync(join(folder.path, 'myplugin.ts'), 'utf8')).toContain('two')
  shell.enter(`'back ' + 'again'`)
  await shell.sees(`'back again'\n`)

  await using failing = await openShell({ env: { ...env, EDITOR: 'false' } })
  failing.enter('.edit myplugin')
  await failing.sees('!!! ERROR - false ended with status 1\n    VISUAL or EDITOR')
})

test('with --typecheck a line whose types do not fit is not run', async () => {
  await using shell = await openShell({ env: { SHELL_TYPECHECK: 'yes' } })
  shell.enter('cm.runs = "many"; console.log("r" + "an")')
  await shell.sees(
    /!!! ERROR - TS2322: Type 'string' is not assignable to type 'number'\.\n.*cm\.runs = "many".*\n +\^\n +nothing was run\n/,
  )
  expect(shell.text).not.toContain('ran')
  shell.enter('let count: number = await Promise.resolve(20)')
  await shell.sees('|3> ')
  shell.enter('const { platform } = process; count + Object.keys(Out).length')
  await shell.sees('|4> ')
  shell.enter('const count = "now text"')
  await shell.sees('|5> ')
  shell.enter('count.length + 1')
  await shell.sees('\n9\n')
  shell.enter('count * 2')
  await shell.sees('TS2362')
  shell.enter('config')
  await shell.sees('fileURLToPath')
  shell.enter('interface Q {')
  shell.enter('a: number }')
  shell.enter('const q: Q = { a: 1 }; q.a')
  await shell.sees(/\n1\n|> 1\n/)
})
