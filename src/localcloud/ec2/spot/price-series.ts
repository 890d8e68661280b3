import { createHash } from 'node:crypto'
import type { InstanceType } from '../instance-types/types.js'

/** A price that holds from then on, US dollars an hour. */
export interface PriceChange {
  readonly at: Date
  readonly price: number
}

const STEP_MS = 6 * 60 * 60_000

/** Dollars an hour on demand, us-east-1. Source: aws.amazon.com/ec2/pricing/on-demand, January 2026. */
function onDemand({ name, vcpus, memoryMiB }: InstanceType): number {
  const perVcpu: Readonly<Record<string, number>> = { c5: 0.0425, m5: 0.048, r5: 0.063 }
  const family = name.split('.')[0] ?? ''
  // t3 costs by its memory.
  return family === 't3' ? (memoryMiB / 1024) * 0.0104 : vcpus * (perVcpu[family] ?? 0.05)
}

/**
 * Spot prices of a type in a zone as AWS has them: a third to a half of the price on demand, changing a little a few times
 * a day. They follow from type, zone and time alone, so that the same question has the same answer tomorrow.
 * @returns oldest first: the changes between `start` and `end`, and before them the one that held at `start`
 */
export function priceSeries(type: InstanceType, zone: string, start: Date, end: Date): PriceChange[] {
  const name = `${type.name} ${zone}`
  const base = onDemand(type)
  const [level, phase] = chances(name)
  const changes: PriceChange[] = []
  for (let step = Math.floor(start.getTime() / STEP_MS) - 1; step * STEP_MS <= end.getTime(); step++) {
    const [when, deviation] = chances(`${name} ${step}`)
    const at = new Date(step * STEP_MS + Math.floor(when * (STEP_MS / 2)))
    if (at > end) break
    // A level of the zone, a slow wave of some weeks, and a little of chance.
    const share = 0.36 + 0.08 * level + 0.04 * Math.sin(step / 17 + 6 * phase) + 0.02 * (deviation - 0.5)
    changes.push({ at, price: round(base * share) })
  }
  const first = changes.findLastIndex(({ at }) => at <= start)
  return changes.slice(Math.max(0, first))
}

/** Two numbers between 0 and 1, the same for the same text. */
function chances(text: string): [number, number] {
  const hash = createHash('sha256').update(text).digest()
  return [hash.readUInt32BE(0) / 2 ** 32, hash.readUInt32BE(4) / 2 ** 32]
}

const round = (price: number) => Math.round(price * 1e4) / 1e4
