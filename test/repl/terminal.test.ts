import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openShell, tempDir } from './open-shell.js'

test('banner, imports and numbered prompt with the short directory', async () => {
  using home = tempDir()
  await using shell = await openShell({ cwd: process.cwd(), env: { HOME: process.cwd() } })
  expect(shell.text).toMatch(/^A shell for tests\n>>> Importing module config\n>>> Importing module broken\n\[~\]\|1> /)
  await shell.sees('!!! ERROR - Module broken cannot be imported')
  shell.enter('')
  shell.enter('interface Q {')
  shell.enter('a: number }')
  await shell.sees(/\]\|2> $/)
  shell.enter(`process.chdir('${home.path}')`)
  await shell.sees(/\[sc-repl-\w+\]\|3> $/)
})

test('pasted lines run in order, each seeing what the one before did', async () => {
  await using shell = await openShell()
  shell.type(
    [
      'const first = await new Promise<number>((done) => setTimeout(done, 50, 20))',
      'function twice(n: number) {',
      '  return n * 2',
      '}',
      'const first = twice(first) + 1',
      `'first is ' + first`,
      '',
    ].join('\n'),
  )
  await shell.sees(`'first is 41'\n`)
})

const paste = (text: string) => `\x1b[200~${text}\x1b[201~`

test('a pasted block is one input: nothing runs before its end, tabs do not complete', async () => {
  await using shell = await openShell()
  shell.type(paste(`const list = [3, 1, 2]\nif (list.length > 5) {\n\t'long'\n}\nelse {\n\t'sh' + 'ort'\n}\n`))
  await shell.sees(/\n'short'\n.*\|2> /)
  shell.type(paste('list\n  .sort()\n  .map((n) => n * 2)'))
  await shell.sees('.map((n) => n * 2)')
  shell.type('.join("+")\r')
  await shell.sees(`'2+4+6'\n`)
  shell.type(paste('.time 40 + 2\n"a " + _\n'))
  await shell.sees(/\n42\nTook/)
  await shell.sees(`'a 42'\n`)
})

test('In and Out have the numbers of the prompt, _ the last value, _error the last error', async () => {
  await using shell = await openShell()
  shell.enter('20 + 1')
  await shell.sees('|2> ')
  shell.enter('.time _ * 2')
  await shell.sees('|3> ')
  shell.enter('undefined')
  await shell.sees('|4> ')
  shell.enter('nope.nope')
  await shell.sees('|5> ')
  shell.enter('[Out[1], Out[2], 3 in Out, _, In[1], In[2], In[3], _error.message].join()')
  await shell.sees(`'21,42,false,42,20 + 1,_ * 2,undefined,nope is not defined'\n`)
  shell.enter('.clear')
  shell.enter('Out')
  await shell.sees(/\n\[1\] 21\n\[2\] 42\n\[5\] 21,42/)
  shell.enter('let _ = 5; _ + 1')
  await shell.sees(/\n6\n/)
})

test('Tab completes members, own and inherited, and never hangs on a promise', async () => {
  await using shell = await openShell()
  shell.type('cm.runP')
  await shell.sees('cm.runP')
  shell.type('\t')
  await shell.sees('lugin')
  shell.enter('.name')
  await shell.sees(`'runPlugin'\n`)
  shell.enter('const never = new Promise(() => {}); void 0')
  await shell.sees(/\]\|3> $/)
  shell.type('never.fin')
  await shell.sees('never.fin')
  shell.type('\t')
  await shell.sees('ally')
  shell.enter('.name')
  await shell.sees(`'finally'\n`)
})

test('completion lists what a preloaded name has', async () => {
  await using shell = await openShell()
  shell.type('cm.')
  await shell.sees('cm.')
  // The second Tab lists; two in one read would be taken for pasted text.
  const deadline = Date.now() + 50_000
  while (!/getCluster.*runPlugin.*signalState/s.test(shell.text)) {
    expect(Date.now()).toBeLessThan(deadline)
    shell.type('\t')
    await shell.sees('signalState', 500).catch(() => undefined)
  }
})

test('history is kept between runs, readable only by its owner, and appended by shells side by side', async () => {
  using folder = tempDir()
  const file = join(folder.path, 'deep', 'shell_history')
  const env = { SHELL_HISTORY: file }
  await using other = await openShell({ env })
  {
    await using shell = await openShell({ env })
    shell.enter(`'remember ' + 'me'`)
    await shell.sees(`'remember me'\n`)
    shell.enter('.exit')
    await shell.exit()
  }
  other.enter(`'me ' + 'too'`)
  await other.sees(`'me too'\n`)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toBe(`'remember ' + 'me'\n.exit\n'me ' + 'too'\n`)

  await using again = await openShell({ env })
  again.type('\x1b[A')
  await again.sees(`'me ' + 'too'`)
  again.type('\x1b[A\x1b[A')
  await again.sees(`'remember ' + 'me'`)
  again.type('\r')
  await again.sees(`'remember me'\n`)
})

test('Ctrl-R finds a line of another session', async () => {
  using folder = tempDir()
  const file = join(folder.path, 'shell_history')
  writeFileSync(file, `'sought ' + 'line'\n1 + 1\n'other'\n`)
  await using shell = await openShell({ env: { SHELL_HISTORY: file } })
  shell.type('\x12')
  await shell.sees('bck-i-search')
  shell.type('sou')
  await shell.sees(`'sought ' + 'line'`)
  shell.type('\r')
  await shell.sees(`'sought line'\n`)
})

test('a program that reads single keys has the whole terminal, and the shell has it back', async () => {
  using folder = tempDir()
  const file = join(folder.path, 'keys.mjs')
  writeFileSync(
    file,
    `process.stdin.setRawMode(true)
console.log('press ' + 'keys')
let keys = ''
process.stdin.on('data', (data) => {
  keys += data
  if (!keys.endsWith('q')) return
  console.log('got ' + JSON.stringify(keys))
  process.stdin.setRawMode(false)
  process.exit()
})
`,
  )
  await using shell = await openShell()
  shell.enter(`!${process.execPath} ${file}`)
  await shell.sees('\npress keys\n')
  shell.type('\t\x1b[A\x03q') // in raw mode Ctrl-C is a key
  await shell.sees('got "\\t\\u001b[A\\u0003q"\n')
  await shell.sees('|2> ')
  shell.enter(`'back ' + 'again'`)
  await shell.sees(`\n'back again'\n`)
})

test('errors: an expected one with its hint, a mistake in one line, a bug with the file it is in', async () => {
  using folder = tempDir()
  await using shell = await openShell()
  shell.enter(`cm.getCluster('nope')`)
  await shell.sees('!!! ERROR - cluster nope does not exist\n    starcluster listclusters shows all\n')
  shell.enter('nope')
  await shell.sees(/nope\nReferenceError: nope is not defined\n\[/)
  shell.enter('_error.name')
  await shell.sees(`'ReferenceError'\n`)
  shell.enter(`cm.runPlugin('${folder.path}/missing')`)
  await shell.sees(/Error: ENOENT.*\n(?:.*\n)*? +at .*main\.ts:\d+/)
  shell.enter('setTimeout(() => { throw new Error("la" + "ter") }, 1); 0')
  await shell.sees('Error: later\n')
  shell.enter('Promise.reject(new Error("forgot" + "ten")); 0')
  await shell.sees('Error: forgotten\n')
  shell.enter('fo) o')
  await shell.sees('SyntaxError: Expected a semicolon')
  shell.enter(`'still ' + 'alive'`)
  await shell.sees(`'still alive'\n`)
})

test('.reload, .time, .type and .help', async () => {
  await using shell = await openShell()
  shell.enter('.reload')
  await shell.sees('>>> Reloaded hello (2 files, 9 ms)\n')
  shell.enter('.time await Promise.resolve(6 * 7)')
  await shell.sees(/\n42\nTook [\d.]+ m?s\n/)
  shell.enter('const list = [1, 2].map((n) => String(n))')
  shell.enter('.type list')
  await shell.sees('string[]\n')
  shell.enter(`.type cm.runPlugin('x')`)
  await shell.sees('Promise<string>\n')
  shell.enter('.help')
  await shell.sees(/\.reload +Load plugins and config again/)
})
