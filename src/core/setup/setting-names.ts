/** The one form under which `pkg_to_install`, `pkgToInstall` and `PKG-TO-INSTALL` are the same setting. */
export function comparable(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '')
}

/** `pkgToInstall` -> `pkg_to_install`: how a setting is written in the config. */
export function configSpelling(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
}

/** `pkg_to_install` -> `pkgToInstall`. */
export function camelCase(name: string): string {
  return name.replace(/[_-]+(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** By its name: values of such settings are not printed. */
export function looksSecret(name: string): boolean {
  return /pass(word|wd|phrase)|secret|token|credential|private_?key|api_?key/i.test(name)
}
