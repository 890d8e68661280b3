import { lifetimeProgramPath } from '../../../src/core/node/scripts/lifetime-program.js'
import { setupCommands } from './setup-commands.js'
import { CommandFailed, type NodeCommand } from './shell.js'

const passwd = '/etc/passwd'
/** Seconds it was given, what becomes of it then, and its cluster; for tests. */
export const endFile = '/var/lib/starcluster-ttl/end'

/** Programs of a simulated machine that the library's commands use. */
export const nodeCommands: Readonly<Record<string, NodeCommand>> = {
  ...setupCommands,

  cat: ({ files }, args, { stdin }) => {
    const paths = args.filter((arg) => !arg.startsWith('-'))
    if (paths.length === 0) return stdin
    return paths
      .map((path) => {
        const found = path.includes('*') ? matching(files.names(folder(path)), path) : path
        const content = files.read(found)
        if (content === undefined) throw new CommandFailed(`cat: ${path}: No such file or directory`)
        return content
      })
      .join('')
  },

  /** What ends a node by itself: only what it was told last. */
  [lifetimeProgramPath]: ({ files }, [verb = '', ...args]) => {
    if (verb === 'off') files.remove(endFile)
    else files.write(endFile, args.join(' '))
    return ''
  },

  echo: (_, args) => `${args.join(' ')}\n`,

  /** Without conversions. */
  printf: (_, [format = '']) => format.replaceAll('\\n', '\n'),

  hostname: ({ hostname }) => `${hostname()}\n`,

  getent: ({ files }, [database = '', ...keys]) => {
    const lines = (files.read(`/etc/${database}`) ?? '').split('\n').filter((line) => line !== '')
    if (keys.length === 0) return lines.map((line) => `${line}\n`).join('')
    const found = lines.find((line) => keys.includes(line.split(':')[0]!) || keys.includes(line.split(':')[2]!))
    if (!found) throw new CommandFailed('', 2)
    return `${found}\n`
  },

  id: ({ files }, args, { user }) => {
    const name = args.find((arg) => !arg.startsWith('-')) ?? user
    const [, , uid = '0', gid = '0'] =
      (files.read(passwd) ?? '')
        .split('\n')
        .find((l) => l.startsWith(`${name}:`))
        ?.split(':') ?? []
    if (args[0] === '-u') return `${uid}\n`
    return args[0] === '-g' ? `${gid}\n` : `${name}\n`
  },

  /** Only `find /home ...`, with the format the survey asks for. */
  find: ({ files }, [start = '']) => {
    if (start !== '/home') return ''
    return files
      .names('/home')
      .map((name) => `${idsOf(files.read(passwd) ?? '', name)} /home/${name}\n`)
      .join('')
  },

  runuser: (_, args, { run }) => run(args.at(-1) ?? '', args[args.indexOf('-u') + 1] ?? 'root'),

  '/bin/sh': (_, args, { stdin, run, user }) => run(args[0] === '-c' ? (args[1] ?? '') : stdin, user),
}

const folder = (path: string) => path.slice(0, path.lastIndexOf('/'))

function matching(names: readonly string[], pattern: string): string {
  const last = pattern.slice(pattern.lastIndexOf('/') + 1)
  const expression = new RegExp(`^${last.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  return `${folder(pattern)}/${names.find((name) => expression.test(name)) ?? last}`
}

function idsOf(accounts: string, name: string): string {
  const [, , uid = '0', gid = '0'] =
    accounts
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':') ?? []
  return `${uid} ${gid}`
}
