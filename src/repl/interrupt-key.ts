import type { ReadStream } from 'node:tty'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'

/**
 * Places in the memory shared with the thread: the number of the line that runs or 0, the loop's heartbeat, whether a
 * script runs that vm watches, and the line whose loops shall end.
 */
const line = 0
const beat = 1
const script = 2
const stop = 3

interface KeysRead {
  readonly line: number
  readonly keys: Uint8Array
}

const ctrlC = 0x03

/**
 * Ctrl-C while code keeps the event loop from reading keys. The terminal stays in raw mode, so that no signal comes at
 * a wrong moment and none reaches child processes; a thread notices that the loop stands still, reads the keys in its
 * place and sends this process the SIGINT that vm's watchdog waits for. Other keys are handed on unchanged.
 *
 * What vm does not watch, a loop after an await, ends at its next `check()`. Code of a file that never gives way has no
 * such check and cannot be stopped: there Ctrl-C once more ends the shell.
 */
export class InterruptKey {
  readonly #shared = new Int32Array(new SharedArrayBuffer(16))
  readonly #thread: Worker
  readonly #port: MessagePort
  readonly #takeOver = (): void => this.#handOn()
  #lines = 0
  #handingOn = false

  /** @param onKey called when the thread saw Ctrl-C and the line it was meant for still runs */
  constructor(
    private readonly input: ReadStream,
    private readonly onKey: () => void,
  ) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1.on('message', (read: KeysRead) => this.#handOn(read))
    this.#port.unref()
    this.#thread = new Worker(threadSource, {
      eval: true,
      execArgv: [],
      env: { PATH: process.env.PATH },
      workerData: { shared: this.#shared, port: port2 },
      transferList: [port2],
    })
    this.#thread.unref()
    // Keys the thread read were typed before those that arrive now.
    input.prependListener('data', this.#takeOver)
  }

  /** From now on a line runs. The returned function says that it ended. */
  watch(): () => void {
    const heart = setInterval(() => Atomics.add(this.#shared, beat, 1), 50)
    this.#setLine(++this.#lines)
    return () => {
      clearInterval(heart)
      this.#setLine(0)
    }
  }

  /** Runs a script that SIGINT ends. */
  duringScript<T>(run: () => T): T {
    Atomics.store(this.#shared, script, 1)
    try {
      return run()
    } finally {
      Atomics.store(this.#shared, script, 0)
    }
  }

  /** @throws an error as vm's when Ctrl-C was pressed in the line that runs and nobody could read it */
  check(): void {
    if (Atomics.load(this.#shared, stop) !== this.#lines || this.#lines === 0) return
    throw Object.assign(new Error('Interrupted'), { code: 'ERR_SCRIPT_EXECUTION_INTERRUPTED' })
  }

  async close(): Promise<void> {
    this.input.off('data', this.#takeOver)
    this.#port.close()
    await this.#thread.terminate()
  }

  #handOn(first?: KeysRead): void {
    if (this.#handingOn) return // what we emit below is older than what is still to come
    this.#handingOn = true
    try {
      if (first) this.#deliver(first)
      for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port)) {
        this.#deliver(next.message as KeysRead)
      }
    } finally {
      this.#handingOn = false
    }
  }

  #deliver({ line: number, keys }: KeysRead): void {
    const last = keys.lastIndexOf(ctrlC)
    if (last !== -1 && number === Atomics.load(this.#shared, line)) this.onKey()
    // As a terminal does, Ctrl-C throws away what was typed before it.
    const rest = keys.subarray(last + 1)
    if (rest.length > 0) this.input.emit('data', Buffer.from(rest))
  }

  #setLine(number: number): void {
    Atomics.store(this.#shared, line, number)
    Atomics.notify(this.#shared, line)
  }
}

/** Plain CommonJS text: the program around it may be bundled or run from its sources. */
const threadSource = `
const { workerData: { shared, port } } = require('node:worker_threads')
const { openSync, readSync, writeSync, constants } = require('node:fs')
const { spawnSync } = require('node:child_process')
const bytes = Buffer.alloc(4096)
const terminal = openSync('/dev/tty', constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY)
function readKeys() {
  try {
    return bytes.subarray(0, readSync(terminal, bytes))
  } catch (error) {
    if (error.code === 'EAGAIN') return bytes.subarray(0, 0)
    throw error
  }
}
let pressedIn = 0
for (;;) {
  Atomics.wait(shared, 0, 0)
  const line = Atomics.load(shared, 0)
  const before = Atomics.load(shared, 1)
  Atomics.wait(shared, 0, line, 250)
  const isStuck = () => line !== 0 && Atomics.load(shared, 0) === line && Atomics.load(shared, 1) === before
  if (!isStuck()) continue
  const keys = readKeys()
  if (keys.length === 0) continue
  port.postMessage({ line, keys: new Uint8Array(keys) })
  if (!keys.includes(3)) continue
  if (pressedIn === line) {
    writeSync(terminal, '\\x1b[?2004l')
    spawnSync('stty', ['sane'], { stdio: [terminal, 'ignore', 'ignore'] })
    process.kill(process.pid, 'SIGKILL')
  }
  pressedIn = line
  Atomics.store(shared, 3, line)
  if (Atomics.load(shared, 2) === 1) process.kill(process.pid, 'SIGINT')
  Atomics.wait(shared, 0, line, 1000)
  if (isStuck()) writeSync(terminal, '\\r\\nThis code cannot be stopped. To end the shell, press Ctrl-C again.\\r\\n')
}
`
