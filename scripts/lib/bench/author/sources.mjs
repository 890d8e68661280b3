import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** As long as helpers are. */
const filler = Array.from({ length: 200 }, (_, i) => `export const v${i} = ${i}`).join('\n')

/**
 * A plugin, helpers three imports deep and a config section, as an author edits them. `run` says `ran P H S`: the number
 * of the last edit of the plugin, of its deepest helper and of its section, so that old code is never taken for new.
 */
export class PluginSources {
  #edit = { plugin: 0, helper: 0, config: 0 }

  constructor(home) {
    this.dir = join(home, '.starcluster/plugins')
    this.configFile = join(home, '.starclusterrc')
    mkdirSync(this.dir, { recursive: true })
    this.#write('one.ts', "export { edit } from './two'\n")
    this.#write('two.ts', "export { edit } from './three'\n")
    this.edit('plugin')
    this.edit('helper')
    this.edit('config')
  }

  /** @param what `plugin`, `helper`, `config`, or nothing that is to be changed */
  edit(what) {
    const number = ++this.#edit[what]
    if (what === 'plugin') this.#write('author.ts', plugin(number))
    if (what === 'helper') this.#write('three.ts', `${filler}\nexport const edit = ${number}\n`)
    if (what === 'config')
      writeFileSync(this.configFile, `[plugin author]\nsetup_class = author.Author\nnumber = ${number}\n`)
  }

  /** What `run` says now. */
  get says() {
    return `ran ${this.#edit.plugin} ${this.#edit.helper} ${this.#edit.config}`
  }

  #write(name, text) {
    writeFileSync(join(this.dir, name), text)
  }
}

/** It tells the process when somebody there listens, else the terminal. */
const plugin = (number) => `import { ClusterSetup } from 'starcluster'
import { edit } from './one'

export class Author extends ClusterSetup {
  constructor(private number: string) { super() }
  get says() { return \`ran ${number} \${edit} \${this.number}\` }
  async run() { if (!(process as any).emit('author-ran', this.says)) console.log(this.says) }
}
`
