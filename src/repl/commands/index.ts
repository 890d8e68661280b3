import type { ShellCommand } from './command.js'
import { edit } from './edit.js'
import { history, load, save } from './inputs.js'
import { log } from './log.js'
import { reload } from './reload.js'
import { ssh } from './ssh.js'
import { time } from './time.js'
import { type } from './type.js'

export { NoSuchCommand, type ShellCommand } from './command.js'

export const shellCommands: readonly ShellCommand[] = [reload, edit, type, time, ssh, history, save, load, log]
