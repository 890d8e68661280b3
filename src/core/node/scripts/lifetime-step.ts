import { sh } from '../../ssh/quote.js'
import { lifetimeProgram, lifetimeProgramPath as path } from './lifetime-program.js'
import type { ScriptStep } from './run-script.js'

export interface NodeEnd {
  /** From now. The node's own clock is not asked. */
  readonly seconds: number
  /** What EC2 makes of its shutdown, for what users are told. */
  readonly goes: 'stop' | 'terminate'
  /** Tag of its cluster. */
  readonly tag: string
}

/** From now on the node shuts itself down at its end, whoever watches; its users are warned before. Said again, it has another end. */
export function lifetimeStep({ seconds, goes, tag }: NodeEnd): ScriptStep {
  const whole = Math.max(0, Math.round(seconds))
  return {
    name: 'ttl',
    command: sh`mkdir -p /usr/local/sbin
sc_file ${path} 755 root:root ${lifetimeProgram}
${path} arm ${whole} ${goes} ${tag}`,
  }
}

/** The node does not end by itself any more. */
export function noLifetimeStep(): ScriptStep {
  return { name: 'ttl', command: sh`command -v ${path} > /dev/null && ${path} off || true` }
}
