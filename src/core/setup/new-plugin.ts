import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StarClusterError } from '../errors.js'
import { look } from './look.js'
import { pluginText, type TypePlaces, testText, tsconfigText } from './new-plugin-text.js'

export interface NewPluginOptions {
  /** Name of the plugin: of its section, and of its file. */
  readonly name: string
  /** Folder of the plugin path to write it to. */
  readonly dir: string
  /** Config file that gets its section; made when it is not there. */
  readonly config: string
  /** Names of the sections there are. */
  readonly taken: Iterable<string>
  /** Where an editor finds the types of what plugins import. */
  readonly types: TypePlaces
}

export interface NewPlugin {
  readonly file: string
  readonly testFile: string
  readonly className: string
  /** Written too; undefined when there was one already. */
  readonly tsconfig: string | undefined
}

/**
 * Writes a plugin to begin with, its test, its section of the config and what an editor needs to complete its code.
 * Nothing that is there is changed but the config, to whose end the section is added; when one of them cannot be
 * written, none is.
 * @throws NewPluginRefused when the name cannot be one, or is taken, or a file cannot be written
 */
export function writeNewPlugin({ name, dir, config, taken, types }: NewPluginOptions): NewPlugin {
  checkName(name, taken)
  const className = classNameOf(name)
  const [file, testFile, tsconfig] = [`${name}.ts`, `${name}.test.ts`, 'tsconfig.json'].map((one) =>
    join(dir, one),
  ) as [string, string, string]
  const hasTsconfig = look(tsconfig) !== undefined
  const written: string[] = []
  try {
    makeFolder(dir)
    for (const [path, text] of [
      [file, pluginText(name, className)],
      [testFile, testText(name)],
      ...(hasTsconfig ? [] : [[tsconfig, tsconfigText(types)] as const]),
    ] as const) {
      writeNew(path, text)
      written.push(path)
    }
    addSection(config, `[plugin ${name}]\nsetup_class = ${name}.${className}\n# packages = htop, tree\n`)
  } catch (error) {
    for (const path of written) rmSync(path, { force: true })
    throw error
  }
  return { file, testFile, className, tsconfig: hasTsconfig ? undefined : tsconfig }
}

function checkName(name: string, taken: Iterable<string>): void {
  if (!/^[A-Za-z][\w-]*$/.test(name)) {
    throw new NewPluginRefused(`${JSON.stringify(name)} cannot be a plugin's name`, {
      hint: 'a letter, then letters, digits, - and _: starcluster newplugin my-plugin',
    })
  }
  if ([...taken].includes(name)) {
    throw new NewPluginRefused(`the config has a section [plugin ${name}] already`, {
      hint: `"starcluster plugins ${name}" shows it; choose another name`,
    })
  }
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
  } catch (error) {
    throw cannotWrite(dir, error)
  }
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(file, error)
    throw new NewPluginRefused(`${file} is there already`, {
      hint: 'choose another name, or add its section by hand',
      cause: error,
    })
  }
}

function addSection(config: string, section: string): void {
  try {
    mkdirSync(dirname(config), { recursive: true })
    const before = look(config) ? readFileSync(config, 'utf8') : ''
    const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
    // May hold AWS keys one day: not for others to read.
    writeFileSync(config, gap + section, { flag: 'a', mode: 0o600 })
  } catch (error) {
    throw cannotWrite(config, error)
  }
}

function cannotWrite(path: string, error: unknown): NewPluginRefused {
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'a file has this name',
    ENOSPC: 'the disk is full',
  }
  const { code = '', message } = error as NodeJS.ErrnoException
  return new NewPluginRefused(`cannot write ${path}: ${reasons[code] ?? message}; nothing was made`, {
    hint: '--dir names another folder for the plugin, -c before the command word another config',
    cause: error,
  })
}

/** Names a plugin's file imports or needs itself. */
const used = new Set(['ClusterSetup', 'Node', 'SetupContext', 'Volumes'])

/** `my-plugin` -> `MyPlugin`, and `node` -> `NodePlugin`: a class must not hide what its file needs. */
function classNameOf(name: string): string {
  const plain = name.replace(/(?:^|[-_]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const className = plain.replace(/[-_]+$/, '')
  return used.has(className) || className in globalThis ? `${className}Plugin` : className
}

export class NewPluginRefused extends StarClusterError {
  readonly code = 'NewPluginRefused'
}
