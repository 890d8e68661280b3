/** A host through which nodes without public addresses are reached. */
export interface JumpHost {
  readonly host: string
  readonly port: number
  readonly user: string
}

const FORM = /^([a-z_][\w.-]*)@([\w.-]+?|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/i

/** `user@host` or `user@host:port`; undefined for anything else. */
export function readJumpHost(text: string): JumpHost | undefined {
  const [, user, host, port = '22'] = FORM.exec(text.trim()) ?? []
  if (!user || !host || host.startsWith('-') || Number(port) < 1 || Number(port) > 65_535) return undefined
  return { user, host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
