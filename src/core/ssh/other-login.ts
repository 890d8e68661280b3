/**
 * The user that an image asks to log in as instead of root, where what root's login printed is such a request. Images
 * of clouds answer every command of root's with it.
 *
 * Source: cloud-init, module ssh, `disable_root_opts`; images before it said "as the ubuntu user rather than root user".
 */
export function otherLogin(answer: string): { readonly user: string | undefined } | undefined {
  const told = /Please login as the (?:user \\?"([^"\\]*)\\?"|(\S+) user) rather than/i.exec(answer)
  if (!told) return undefined
  const user = told[1] ?? told[2] ?? ''
  return { user: /^[a-z_][a-z0-9_-]{0,31}$/.test(user) ? user : undefined }
}
