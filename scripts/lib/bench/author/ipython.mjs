import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beside, median, repeated, spread } from '../measure.mjs'
import { Terminal } from '../terminal.mjs'

/** The Debian package's, with the Python it was made for; undefined when it is not installed. */
export const IPYTHON = existsSync('/usr/bin/ipython3') ? '/usr/bin/ipython3' : undefined

export const ipythonShell = { argv: [IPYTHON, '--no-banner'], prompt: 'In [1]:', end: '\x15exit\r' }

/**
 * `%autoreload 2` in a real `ipython3` in a terminal: a module with a helper three imports deep, its function called by hand.
 * From the Enter key to what the new code prints. It has no cluster to ask, which ours has.
 */
export async function ipythonEdits(env, ours) {
  const dir = join(env.HOME, 'python')
  mkdirSync(dir)
  const write = (name, text) => writeFileSync(join(dir, name), text)
  const edit = { plugin: 0, helper: 0 }
  const edits = {
    plugin: () =>
      write('author.py', `from one import edit\n\ndef run():\n    print("ran", ${++edit.plugin}, edit())\n`),
    helper: () => write('three.py', `${filler}\ndef edit():\n    return ${++edit.helper}\n`),
    nothing: () => undefined,
  }
  write('one.py', 'from two import edit\n')
  write('two.py', 'from three import edit\n')
  edits.plugin()
  edits.helper()
  // Python takes a compiled file for current when the source has the same size and second: edits would be missed.
  const python = new Terminal(
    [IPYTHON, '--no-banner', '--simple-prompt'],
    { ...env, PYTHONDONTWRITEBYTECODE: '1' },
    dir,
  )
  try {
    await python.mustShow('In [1]:')
    for (const line of ['%load_ext autoreload', '%autoreload 2', 'import author']) await python.enter(line, 'In [')
    for (const what of Object.keys(edits)) {
      const took = await repeated(15, async () => {
        edits[what]()
        const ms = await python.enter('author.run()', `ran ${edit.plugin} ${edit.helper}`)
        await python.mustShow('In [')
        return ms
      })
      const shown = { plugin: 'module edited', helper: 'deep helper edited', nothing: 'nothing changed' }[what]
      const ratio = what === 'helper' ? `${(median(took) / ours).toFixed(2)} times ours; ` : ''
      beside(`ipython3, Enter to the output, ${shown}`, median(took), 'ms', `${ratio}${spread(took)}`)
    }
  } finally {
    await python.end('\x15exit()\r')
  }
}

const filler = Array.from({ length: 200 }, (_, i) => `v${i} = ${i}`).join('\n')
