/**
 * The program that runs a plugin's test file with vitest: `run-tests FILE`, with an IPC channel. Each message `{ step }`
 * runs it once and is answered with a `TestRun`. Ends when the channel does.
 */
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { createVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node'
import type { TestFailure, TestRun } from '../index.js'
import { packageRoot } from '../package-root.js'
import { fromSource, publicModules } from '../public-modules.js'

const file = process.argv[2] ?? ''
let output = ''
let vitest: Promise<Vitest> | undefined

process.on('disconnect', () => process.exit())
process.on('message', async ({ step }: { step: string }) => {
  process.env.STARCLUSTER_TEST_STEP = step
  vitest ??= open()
  process.send?.(await run(await vitest))
})

/** Vitest of this installation, which writes nothing and reads no settings: a plugin's folder needs neither. */
async function open(): Promise<Vitest> {
  return await createVitest(
    'test',
    {
      root: dirname(file),
      config: false,
      watch: false,
      cache: false,
      // Nodes are asked over ssh, and a package may take its time.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      includeTaskLocation: true,
      reporters: [{ onUserConsoleLog: ({ content }) => void (output += stripVTControlCharacters(content)) }],
      // Built code runs as it is: the same copies of everything, and no need to transform it.
      server: { deps: { external: fromSource ? [] : [new RegExp(`^${escapeRegExp(join(packageRoot(), 'dist'))}/`)] } },
    },
    {
      cacheDir: join(tmpdir(), 'starcluster-no-cache'),
      logLevel: 'silent',
      resolve: {
        alias: publicModules().map(({ name, code }) => ({ find: pattern(name), replacement: code.replace('*', '$1') })),
      },
    },
  )
}

async function run(vitest: Vitest): Promise<TestRun> {
  output = ''
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([
    vitest.getRootProject().createSpecification(file),
  ])
  return {
    tests: testModules.flatMap((module) => [...module.children.allTests()].map(resultOf)),
    failures: [...testModules.flatMap(errorsAround), ...unhandledErrors].map((error) => failureOf(error)),
    output,
  }
}

function resultOf(test: TestCase): TestRun['tests'][number] {
  const { state, errors = [] } = test.result()
  return {
    name: test.fullName,
    state: state === 'pending' ? 'skipped' : state,
    ms: Math.round(test.diagnostic()?.duration ?? 0),
    failures: errors.map((error) => failureOf(error, test.location?.line)),
  }
}

/** Errors of a module that belong to none of its tests. */
function errorsAround(module: TestModule) {
  return [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())]
}

/** @param line where the test begins, when the error does not say where it came from */
function failureOf(error: unknown, line?: number): TestFailure {
  const {
    message,
    hint,
    diff,
    stacks = [],
  } = error as {
    message?: string
    hint?: string
    diff?: string
    stacks?: { file: string; line: number }[]
  }
  const own = stacks.find((frame) => !frame.file.startsWith(packageRoot()) && !frame.file.includes('/node_modules/'))
  const place = own ?? (line === undefined ? undefined : { file, line })
  return {
    message: stripVTControlCharacters(message ?? String(error)),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(diff ? { diff: stripVTControlCharacters(diff) } : {}),
    ...(place ? { file: place.file, line: place.line, ...sourceLine(place.file, place.line) } : { file }),
  }
}

function sourceLine(path: string, line: number): { lineText?: string } {
  try {
    const lineText = readFileSync(path, 'utf8').split('\n')[line - 1]
    return lineText === undefined ? {} : { lineText: lineText.trim() }
  } catch {
    return {} // the place is told all the same
  }
}

/** Names as vite's aliases want them: whole, and with what a `*` stands for as `$1`. */
const pattern = (name: string) => new RegExp(`^${escapeRegExp(name).replace('\\*', '([\\w-]+)')}$`)

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
