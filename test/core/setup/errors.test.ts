import { expect, test } from 'vitest'
import { type PluginFolder, pluginFolder } from './support/plugin-folder.js'

const good = `import { ClusterSetup } from 'starcluster'
export class PackageInstaller extends ClusterSetup {
  constructor(private packages: string, private verbose = false) { super() }
  run() {}
}
export class Other extends PackageInstaller {}
`

interface Case {
  name: string
  files?: Record<string, string>
  setupClass?: string
  settings?: Record<string, string>
  code: string
  /** DIR stands for the plugin folder. */
  message: string
  hint?: string
}

const cases: Case[] = [
  {
    name: 'setup_class without a class',
    setupClass: 'ubuntu',
    code: 'PluginError',
    message: '[plugin myplugin] setup_class = ubuntu: expected module.Class, a file name and a class in it',
    hint: 'for class PackageInstaller in ~/.starcluster/plugins/ubuntu.ts write: setup_class = ubuntu.PackageInstaller',
  },
  {
    name: 'setup_class that leaves the plugin folder',
    setupClass: '../ubuntu.PackageInstaller',
    code: 'PluginError',
    message:
      '[plugin myplugin] setup_class = ../ubuntu.PackageInstaller: expected module.Class, a file name and a class in it',
  },
  {
    name: 'no such file, a similar one',
    setupClass: 'ubunto.PackageInstaller',
    code: 'PluginLoadError',
    message:
      'plugin myplugin: no file for setup_class = ubunto.PackageInstaller: looked for ubunto.ts (or .js) in DIR, /nonexistent',
    hint: 'did you mean ubuntu.PackageInstaller?',
  },
  {
    name: 'no such file, none similar',
    setupClass: 'a.b.Something',
    code: 'PluginLoadError',
    message:
      'plugin myplugin: no file for setup_class = a.b.Something: looked for a/b.ts (or .js) in DIR, /nonexistent',
    hint: 'write the plugin to DIR/a/b.ts, or correct setup_class',
  },
  {
    name: 'a plugin in Python',
    files: { 'old.py': 'class Old: pass' },
    setupClass: 'old.Old',
    code: 'PluginLoadError',
    message: 'plugin myplugin: DIR/old.py is a Python plugin; plugins are TypeScript or JavaScript',
    hint: 'port it to DIR/old.ts; docs/porting.md translates the API call by call',
  },
  {
    name: 'a plugin of the original that is not here yet',
    setupClass: 'starcluster.plugins.hadoop.Hadoop',
    code: 'PluginLoadError',
    message: "plugin myplugin: the original's plugin hadoop is not ported yet",
  },
  {
    name: 'no such class',
    setupClass: 'ubuntu.PackageInstaler',
    code: 'PluginError',
    message: 'plugin myplugin: DIR/ubuntu.ts exports no class PackageInstaler (did you mean PackageInstaller?)',
    hint: 'it exports: Other, PackageInstaller; setup_class is ubuntu.PackageInstaler',
  },
  {
    name: 'a file without a class',
    files: { 'ubuntu.ts': 'export const Setup = 3' },
    setupClass: 'ubuntu.Setup',
    code: 'PluginError',
    message: 'plugin myplugin: Setup in DIR/ubuntu.ts is no class',
    hint: 'it exports no class at all; write: export class Setup extends ClusterSetup',
  },
  {
    name: 'a class that is no ClusterSetup',
    files: { 'ubuntu.ts': 'export class Setup { run() {} }' },
    setupClass: 'ubuntu.Setup',
    code: 'PluginError',
    message: 'plugin myplugin: Setup in DIR/ubuntu.ts is not a ClusterSetup',
    hint: "write: import { ClusterSetup } from 'starcluster' and: class Setup extends ClusterSetup",
  },
  {
    name: 'a class without run',
    files: { 'norun.js': `import { ClusterSetup } from 'starcluster'\nexport class Setup extends ClusterSetup {}` },
    setupClass: 'norun.Setup',
    code: 'PluginError',
    message: 'plugin myplugin: Setup in DIR/norun.js has no method run',
    hint: 'write: async run(nodes, master, user, userShell, volumes) { ... }',
  },
  {
    name: 'a constructor that throws',
    files: {
      'ubuntu.ts': `import { ClusterSetup } from 'starcluster'
export class Setup extends ClusterSetup {
  constructor() {
    super()
    throw new RangeError('too few')
  }
  run() {}
}`,
    },
    setupClass: 'ubuntu.Setup',
    code: 'PluginLoadError',
    message: 'plugin myplugin: the constructor of Setup failed at DIR/ubuntu.ts:5: RangeError: too few',
  },
  {
    name: 'a required setting that is missing',
    code: 'PluginError',
    message: '[plugin myplugin] required setting packages is missing',
    hint: 'PackageInstaller takes: packages (required), verbose',
  },
  {
    name: 'a misspelt setting',
    settings: { packges: 'htop' },
    code: 'PluginError',
    message: '[plugin myplugin] unknown setting packges (did you mean packages?); required setting packages is missing',
  },
  {
    name: 'an unknown setting with nothing near',
    settings: { packages: 'htop', zzzz: '1' },
    code: 'PluginError',
    message: '[plugin myplugin] unknown setting zzzz',
    hint: 'PackageInstaller takes: packages (required), verbose',
  },
  {
    name: 'a setting of the wrong type',
    settings: { packages: 'htop', verbose: 'perhaps' },
    code: 'PluginError',
    message: '[plugin myplugin] verbose = perhaps is no yes or no (true, false, yes, no, on, off, 1, 0)',
  },
  {
    name: 'rest parameters',
    files: {
      'ubuntu.ts': `import { ClusterSetup } from 'starcluster'
export class Setup extends ClusterSetup { constructor(...all: string[]) { super(); void all }\n run() {} }`,
    },
    setupClass: 'ubuntu.Setup',
    code: 'PluginError',
    message:
      '[plugin myplugin] the constructor of Setup cannot be given settings: a rest parameter (...) takes no setting; give each setting a parameter of its own',
  },
  {
    name: 'await at the top level',
    files: { 'ubuntu.ts': `export const x = await Promise.resolve(1)` },
    setupClass: 'ubuntu.Setup',
    code: 'PluginSyntaxError',
    message: `plugin myplugin does not build
DIR/ubuntu.ts:1:18: await at the top level of a file is not possible in a plugin; move it into run() or a function that run() awaits
  1 | export const x = await Promise.resolve(1)
    |                  ^^^^^`,
    hint: 'nothing of it was run; mend the file and call again',
  },
  {
    name: 'a line with letters of several bytes',
    files: { 'ubuntu.ts': `const 名前 = 'äöü' + )` },
    setupClass: 'ubuntu.Setup',
    code: 'PluginSyntaxError',
    message: `plugin myplugin does not build
DIR/ubuntu.ts:1:20: Unexpected ")"
  1 | const 名前 = 'äöü' + )
    |                    ^`,
  },
  {
    name: 'a name that starcluster does not export',
    files: { 'ubuntu.ts': `import { ClusterSetp } from 'starcluster'\nexport class Setup extends ClusterSetp {}` },
    setupClass: 'ubuntu.Setup',
    code: 'PluginSyntaxError',
    message: `plugin myplugin does not build
DIR/ubuntu.ts:1:10: 'starcluster' exports no ClusterSetp; did you mean ClusterSetup?
  1 | import { ClusterSetp } from 'starcluster'
    |          ^^^^^^^^^^^`,
  },
  {
    name: 'a default import of starcluster',
    files: { 'ubuntu.ts': `import sc from 'starcluster'\nexport class Setup extends sc.ClusterSetup {}` },
    setupClass: 'ubuntu.Setup',
    code: 'PluginSyntaxError',
    message: `plugin myplugin does not build
DIR/ubuntu.ts:1:8: 'starcluster' has no default export; write import { log } from 'starcluster'
  1 | import sc from 'starcluster'
    |        ^^`,
  },
  {
    name: 'a package that is not installed',
    files: { 'ubuntu.ts': `import x from 'left-pad'\nexport const y = x` },
    setupClass: 'ubuntu.Setup',
    code: 'PluginSyntaxError',
    message: `plugin myplugin does not build
DIR/ubuntu.ts:1:15: cannot find package "left-pad"; run npm install left-pad in the plugin's folder
  1 | import x from 'left-pad'
    |               ^^^^^^^^^^`,
  },
  {
    name: 'a path inside starcluster',
    files: { 'ubuntu.ts': `import x from 'starcluster/core/node'\nexport const y = x` },
    setupClass: 'ubuntu.Setup',
    code: 'PluginSyntaxError',
    message: `plugin myplugin does not build
DIR/ubuntu.ts:1:15: "starcluster/core/node" does not exist; import what you need from "starcluster"
  1 | import x from 'starcluster/core/node'
    |               ^^^^^^^^^^^^^^^^^^^^^^^`,
  },
]

test.each(cases)('$name', async ({ files, setupClass, settings, code, message, hint }) => {
  const folder: PluginFolder = pluginFolder()
  for (const [name, text] of Object.entries({ 'ubuntu.ts': good, ...files })) folder.write(name, text)
  const error = await folder.failure(setupClass ?? 'ubuntu.PackageInstaller', settings)
  const plain = (text: string | undefined) => text?.replaceAll(folder.dir, 'DIR')
  expect(plain(error.message)).toBe(message)
  expect(error.code).toBe(code)
  if (hint) expect(plain(error.hint)).toBe(hint)
})
