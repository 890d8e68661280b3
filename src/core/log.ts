/** What code logs to. Plugins import the shared `log`; nothing is printed until a composition point adds sinks. */
export interface Logger {
  debug(message: string, ...args: unknown[]): void
  info(message: string, ...args: unknown[]): void
  warn(message: string, ...args: unknown[]): void
  error(message: string, ...args: unknown[]): void
  critical(message: string, ...args: unknown[]): void
  fatal(message: string, ...args: unknown[]): void
}
