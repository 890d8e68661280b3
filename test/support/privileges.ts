/** Real nodes need root (user namespaces with a written id map, cgroups). Said aloud when it is missing. */
export const canRunNodes = process.getuid?.() === 0

if (!canRunNodes) console.warn('SKIPPED: tests with real nodes need root')
