/**
 * The candidate a person most likely meant by `word`, or undefined when none is close: at most a third of the letters
 * may differ. Case does not count; of equally close ones the first is taken. Failing
 * that, the only candidate that contains the word.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    // Sharing no letter at all is no likeness, however short the words are.
    if (distance >= bestDistance || distance >= Math.max(wanted.length, candidate.length)) continue
    best = candidate
    bestDistance = distance
  }
  return best ?? onlyContaining(wanted, candidates)
}

/** `size` stands for `cluster_size` when no other candidate has it in its name. */
function onlyContaining(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 4) return undefined
  const containing = [...candidates].filter((candidate) => candidate.toLowerCase().includes(word))
  return containing.length === 1 ? containing[0] : undefined
}

/** ` (did you mean x?)`, or nothing when no candidate is near: the end of an error message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = nearest(word, candidates)
  return candidate === undefined ? '' : ` (did you mean ${candidate}?)`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
