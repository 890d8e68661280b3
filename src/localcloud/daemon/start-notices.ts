interface Findings {
  readonly nodes: readonly string[]
  readonly volumes: { readonly unknown: readonly string[]; readonly lost: readonly string[] }
}

/** What the user should know of things on disk and records that do not agree, a sentence each. */
export function startNotices({ nodes, volumes }: Findings): string[] {
  const reset = '"starcluster local reset" removes everything'
  const notices: string[] = []
  if (nodes.length > 0) {
    const one = nodes.length === 1
    notices.push(
      `${one ? 'a machine' : `${nodes.length} machines`} that the older state does not know ${one ? 'is' : 'are'} kept stopped, ` +
        `with ${one ? 'its disk' : 'their disks'}: ${nodes.join(', ')}; ${reset}`,
    )
  }
  if (volumes.unknown.length > 0) {
    notices.push(`volumes and snapshots that the state does not know are kept: ${volumes.unknown.join(', ')}; ${reset}`)
  }
  if (volumes.lost.length > 0) {
    notices.push(`the content of these volumes is gone: ${volumes.lost.join(', ')}; DeleteVolume forgets them`)
  }
  return notices
}
