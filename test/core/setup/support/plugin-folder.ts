import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ClusterSetup } from '../../../../src/core/setup/cluster-setup.js'
import { PluginLoader } from '../../../../src/core/setup/loader.js'
import { recordingLog } from './recording-log.js'

/** What plugins of these tests import from 'starcluster'. */
export const publicApi = { ClusterSetup, log: recordingLog().log, marker: Symbol('running copy') }

/** A plugin folder in a temporary directory, with a loader that searches it. Removed with the test. */
export function pluginFolder({ bundledDir = '/nonexistent', api = publicApi as object } = {}) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sc-plugins-')))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const path = [dir]
  const { log, lines } = recordingLog()
  const loader = new PluginLoader({ pluginPath: () => path, bundledDir, publicApi: api, log })
  onTestFinished(() => loader.dispose())
  return {
    dir,
    /** Folders searched; tests may add to it. */
    path,
    loader,
    /** Log lines as `level: text`. */
    lines,
    write(file: string, text: string): string {
      const target = join(dir, file)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
      return target
    },
    load(setupClass: string, settings: Record<string, string> = {}, name = 'myplugin') {
      return loader.load({ name, setupClass, settings: new Map(Object.entries(settings)) })
    },
    /** The plugin's fields: what its constructor made of the settings. */
    async fields(setupClass: string, settings: Record<string, string> = {}): Promise<Record<string, unknown>> {
      const { instance } = await this.load(setupClass, settings)
      return instance as unknown as Record<string, unknown>
    },
    /** The error of a load that must fail. */
    async failure(setupClass: string, settings: Record<string, string> = {}): Promise<Failure> {
      try {
        await this.load(setupClass, settings)
      } catch (error) {
        return error as Failure
      }
      throw new Error(`loading ${setupClass} did not fail`)
    },
  }
}

export type PluginFolder = ReturnType<typeof pluginFolder>
export type Failure = Error & { code: string; hint?: string; location?: unknown }
