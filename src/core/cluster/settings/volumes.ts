import type { VolumeSettings } from '../../config/types.js'
import { InvalidDevice, InvalidPartition } from '../errors.js'
import type { SettingProblem } from './problem.js'

/** What is wrong with the volumes of one cluster, each by itself and all together. */
export function volumeProblems(volumes: readonly VolumeSettings[]): SettingProblem[] {
  return [...volumes.flatMap(ownProblems), ...volumes.flatMap((volume, at) => conflicts(volume, volumes.slice(0, at)))]
}

function ownProblems(volume: VolumeSettings): SettingProblem[] {
  const { device, partition, mountPath } = volume
  const problem = problemOf(volume)
  return [
    ...(device === undefined || /^\/dev\/sd[a-z]$/.test(device)
      ? []
      : [
          {
            ...problem('device', `= ${device}: expected /dev/sd and one letter, such as /dev/sdj`),
            error: InvalidDevice,
          },
        ]),
    // 0 is the whole volume, as in the original.
    ...(partition === undefined || (partition >= 0 && partition <= 99)
      ? []
      : [{ ...problem('partition', `= ${partition}: expected a number from 1 to 99`), error: InvalidPartition }]),
    ...(mountPath.startsWith('/') ? [] : [problem('mount_path', `= ${mountPath}: expected a path that begins with /`)]),
    ...(/^\/+$/.test(mountPath) ? [problem('mount_path', '= /: a volume cannot take the place of the root')] : []),
  ]
}

function conflicts(volume: VolumeSettings, before: readonly VolumeSettings[]): SettingProblem[] {
  const { volumeId, device, partition, mountPath } = volume
  const problem = problemOf(volume)
  const found: SettingProblem[] = []
  const add = (setting: string, text: string) => found.push(problem(setting, text))
  const at = before.find((other) => other.mountPath === mountPath)
  if (at) add('mount_path', `= ${mountPath}: [volume ${at.name}] is mounted there already`)
  const same = before.filter((other) => other.volumeId === volumeId)
  const elsewhere = same.find((other) => other.device !== device)
  const twice = same.find((other) => (other.partition ?? 0) === (partition ?? 0))
  if (elsewhere) add('device', `differs from that of [volume ${elsewhere.name}]: ${volumeId} can be attached only once`)
  else if (twice) add('partition', `is that of [volume ${twice.name}]: name another partition of ${volumeId}`)
  const taken = before.find((other) => device !== undefined && other.device === device && other.volumeId !== volumeId)
  if (taken) add('device', `= ${device}: [volume ${taken.name}] is attached there`)
  return found
}

const problemOf =
  ({ name }: VolumeSettings) =>
  (setting: string, text: string): SettingProblem => ({ kind: 'volume', name, setting, text })
