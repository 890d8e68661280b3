const GATHER_MS = 5

/** Answers questions that are asked at about the same time together, by one call. */
export function batched<K, V>(answer: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>) {
  let waiting: { keys: Set<K>; answers: Promise<ReadonlyMap<K, V>> } | undefined
  return async (key: K): Promise<V | undefined> => {
    if (!waiting) {
      const keys = new Set<K>()
      const gathered = new Promise<void>((resolve) => setTimeout(resolve, GATHER_MS))
      const answers = gathered.then(() => {
        waiting = undefined
        return answer([...keys])
      })
      waiting = { keys, answers }
    }
    waiting.keys.add(key)
    return (await waiting.answers).get(key)
  }
}
