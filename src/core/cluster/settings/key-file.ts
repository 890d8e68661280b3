import { accessSync, constants, statSync } from 'node:fs'
import type { ClusterTemplate } from '../../config/templates.js'
import type { SettingProblem } from './problem.js'

/** What is wrong with the private key file of a template's key pair, where a `[key]` section names one. */
export function keyFileProblems({
  keyname,
  keyLocation,
}: Pick<ClusterTemplate, 'keyname' | 'keyLocation'>): SettingProblem[] {
  if (keyLocation === undefined) return []
  const why = unreadable(keyLocation)
  if (why === undefined) return []
  const hint = `correct key_location in [key ${keyname}], or copy the private key of key pair ${keyname} there`
  return [{ kind: 'key', name: keyname, setting: 'key_location', text: `= ${keyLocation}: ${why}`, hint }]
}

function unreadable(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) return 'no such file'
  if (!found.isFile()) return 'this is no file'
  try {
    accessSync(file, constants.R_OK)
    return undefined
  } catch {
    return 'this file may not be read'
  }
}
