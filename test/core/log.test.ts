import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { addSecret, configureLog, type LogOptions, log, redact, setScreenLevel } from '../../src/core/log.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sc-log-'))
  return () => rmSync(folder, { recursive: true })
})

class Captured extends Writable {
  text = ''
  constructor(readonly isTTY = false) {
    super()
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

function screen(options: { debug?: boolean; color?: boolean; tty?: boolean } = {}) {
  const stdout = new Captured(options.tty)
  const stderr = new Captured(options.tty)
  const color = options.color === undefined ? {} : { color: options.color }
  configure({ screen: { stdout, stderr, debug: options.debug ?? false, ...color } })
  return { stdout, stderr }
}

function configure(options: LogOptions): void {
  const configured = configureLog(options)
  onTestFinished(() => configured.close())
}

function sayAll(): void {
  log.debug('debug %d', 1)
  log.info('info %s', 'x')
  log.warn('100% sure')
  log.error('error\nsecond line')
  log.critical('critical')
  log.fatal('fatal %j', { a: 1 })
}

test('lines are collected as a screen shows them, whatever level screens show', () => {
  const lines: string[] = []
  setScreenLevel('fatal')
  onTestFinished(() => setScreenLevel(undefined))
  configure({ collect: (line) => lines.push(line) })
  sayAll()
  expect(lines.slice(0, 4)).toEqual([
    '>>> info x',
    '*** WARNING - 100% sure',
    '!!! ERROR - error',
    '!!! ERROR - second line',
  ])
})

test('the screen: prefixes, and errors on stderr', () => {
  const { stdout, stderr } = screen()
  sayAll()
  expect(stdout.text).toBe('>>> info x\n*** WARNING - 100% sure\n')
  expect(stderr.text).toBe(
    '!!! ERROR - error\n!!! ERROR - second line\n!!! CRITICAL - critical\n!!! FATAL - fatal {"a":1}\n',
  )
})

test('debug lines are shown when asked for, with time, file and line', () => {
  const { stdout } = screen({ debug: true })
  log.debug('looking')
  expect(stdout.text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} log\.test\.ts:\d+ - DEBUG - looking\n$/)
})

test('colours: on a terminal, unless NO_COLOR is set; always or never when told', () => {
  vi.stubEnv('NO_COLOR', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  const lines = (options: Parameters<typeof screen>[0]) => {
    const captured = screen(options)
    log.info('x')
    return captured.stdout.text
  }
  expect(lines({})).toBe('>>> x\n')
  expect(lines({ tty: true })).toBe('\u001b[32m>>> \u001b[39mx\n')
  expect(lines({ tty: true, color: false })).toBe('>>> x\n')
  expect(lines({ color: true })).toBe('\u001b[32m>>> \u001b[39mx\n')
  vi.stubEnv('NO_COLOR', '1')
  expect(lines({ tty: true })).toBe('>>> x\n')
})

test('nothing is printed before sinks are added and after they are closed', () => {
  const stdout = new Captured()
  const configured = configureLog({ screen: { stdout, stderr: stdout, debug: true } })
  configured.close()
  configured.close()
  log.error('unheard')
  expect(stdout.text).toBe('')
})

test('the file has every level, with time, process id, file and line on each line', () => {
  const file = join(folder, 'logs/debug.log')
  configure({ file })
  sayAll()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const start = new RegExp(
    `^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3} PID: ${process.pid} log\\.test\\.ts:\\d+ - `,
  )
  for (const line of lines) expect(line).toMatch(start)
  expect(lines.map((line) => line.replace(start, ''))).toEqual([
    'DEBUG - debug 1',
    'INFO - info x',
    'WARNING - 100% sure',
    'ERROR - error',
    'ERROR - second line',
    'CRITICAL - critical',
    'FATAL - fatal {"a":1}',
  ])
  expect(statSync(file).mode & 0o077).toBe(0)
})

test('the file is rotated, and two old ones are kept', () => {
  const file = join(folder, 'debug.log')
  configure({ file, maxBytes: 1000 })
  for (let index = 0; index < 100; index++) log.info(`line ${String(index).padStart(3, '0')}`)
  const read = (name: string) => readFileSync(name, 'utf8').match(/line \d+/g) ?? []
  const kept = [...read(`${file}.2`), ...read(`${file}.1`), ...read(file)]
  const all = Array.from({ length: 100 }, (_, index) => `line ${String(index).padStart(3, '0')}`)
  expect(kept).toEqual(all.slice(-kept.length))
  expect(existsSync(`${file}.3`)).toBe(false)
  for (const name of [file, `${file}.1`, `${file}.2`]) expect(statSync(name).size).toBeLessThanOrEqual(1000)
})

test('a log left over from before counts for the rotation', () => {
  const file = join(folder, 'debug.log')
  writeFileSync(file, 'x'.repeat(1000))
  configure({ file, maxBytes: 1000 })
  log.info('new')
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('x'.repeat(1000))
  expect(readFileSync(file, 'utf8')).toContain('new')
})

test('a lock left behind by a killed process does not stop the rotation for long', () => {
  const file = join(folder, 'debug.log')
  configure({ file, maxBytes: 10 })
  log.info('one')
  mkdirSync(`${file}.lock`)
  log.info('two, while another process seems to rotate')
  expect(existsSync(`${file}.1`)).toBe(false)
  utimesSync(`${file}.lock`, 0, 0)
  log.info('three')
  log.info('four')
  expect(readFileSync(`${file}.1`, 'utf8')).toMatch(/one.*two.*three/s)
  expect(readFileSync(file, 'utf8')).toContain('four')
})

test('several processes share one file: no line is lost or torn while it rotates', async () => {
  const file = join(folder, 'debug.log')
  const module = JSON.stringify(join(import.meta.dirname, '../../src/core/log.ts'))
  const script = `
    import { configureLog, log } from ${module}
    configureLog({ file: ${JSON.stringify(file)}, maxBytes: 4000, keep: 200 })
    for (let index = 0; index < 300; index++) log.info('line ' + process.argv[1] + ' ' + index + ' end')
  `
  const tsx = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs')
  const run = (name: string) =>
    promisify(execFile)(process.execPath, [tsx, '--input-type=module', '--eval', script, name])
  await Promise.all(['a', 'b', 'c'].map(run))
  const names = [file, ...Array.from({ length: 200 }, (_, age) => `${file}.${age + 1}`)].filter((name) =>
    existsSync(name),
  )
  expect(names.length).toBeGreaterThan(5)
  const lines = names.flatMap((name) => readFileSync(name, 'utf8').match(/INFO - line \w \d+ end\n/g) ?? [])
  expect(new Set(lines).size).toBe(900)
  expect(lines).toHaveLength(900)
})

test('a log that cannot be written is said once and stops nothing', () => {
  writeFileSync(join(folder, 'occupied'), '')
  const { stdout } = screen()
  configure({ file: join(folder, 'occupied/debug.log') })
  log.info('one')
  log.info('two')
  expect(stdout.text.match(/cannot write the log file/g)).toHaveLength(1)
  expect(stdout.text).toContain('>>> two')
})

test('secrets reach no sink: plain, in a URL, over several lines, one within another', () => {
  addSecret('hunter2+x')
  addSecret('hunter2+x/and more')
  addSecret('line one\nline two')
  addSecret('short')
  const { stdout } = screen({ debug: true })
  const file = join(folder, 'debug.log')
  configure({ file })
  log.debug('key=%s', 'hunter2+x/and more')
  log.info('https://h/?p=hunter2%2Bx and line one\nline two, a short word')
  log.warn('%s', new Error('has hunter2+x'))
  log.info('-----BEGIN OPENSSH PRIVATE KEY-----\nabc\ndef\n-----END OPENSSH PRIVATE KEY-----\nafter')
  for (const text of [stdout.text, readFileSync(file, 'utf8')]) {
    expect(text).not.toMatch(/hunter2|line two|and more|abc|def/)
    expect(text).toContain('p=**** and ****, a short word')
    expect(text).toContain('after')
  }
  expect(redact('hunter2+x/and more')).toBe('****')
})
