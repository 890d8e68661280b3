import type { TemplateDefaults } from '../aws/region.js'
import type { ExplainedSection } from './explain.js'
import type { AWS_INFO, GLOBAL, KEY, PERMISSION, SettingsOf, VOLUME } from './schema.js'
import type { NamedKind } from './sections.js'
import type { ClusterTemplate } from './templates.js'

export type GlobalSettings = SettingsOf<typeof GLOBAL>
export type AwsSettings = SettingsOf<typeof AWS_INFO>
export type KeySettings = { readonly name: string } & SettingsOf<typeof KEY>
export type VolumeSettings = { readonly name: string } & SettingsOf<typeof VOLUME>
export type PermissionSettings = { readonly name: string } & SettingsOf<typeof PERMISSION>

/** A `[plugin NAME]` section; which settings are right is for the plugin to say. */
export interface PluginSettings {
  readonly name: string
  readonly setupClass: string
  /** Everything but setup_class, as it is written. */
  readonly settings: ReadonlyMap<string, string>
  /** `file:line` of the section, for messages. */
  readonly place: string
}

/** What the config files say. A section with a mistake is a warning until something asks for it. */
export interface StarClusterConfig {
  /** The main config file; undefined when there is none and the defaults are all there is. */
  readonly path: string | undefined
  /** All files that were read. */
  readonly sources: readonly string[]
  /** For the user to see, a line each; without secrets. */
  readonly warnings: readonly string[]
  /** What is wrong with sections that nothing can use therefore; among the warnings too. */
  readonly mistakes: readonly string[]
  readonly global: GlobalSettings
  /** undefined when no file has an `[aws info]` section: the environment alone never makes one. */
  readonly aws: AwsSettings | undefined
  readonly keys: ReadonlyMap<string, KeySettings>
  readonly plugins: ReadonlyMap<string, PluginSettings>
  readonly volumes: ReadonlyMap<string, VolumeSettings>
  readonly permissions: ReadonlyMap<string, PermissionSettings>
  readonly templateNames: readonly string[]
  /** The template with its parents and defaults. Throws ClusterTemplateDoesNotExist, or ConfigError with all its problems. */
  template(name: string, defaults: TemplateDefaults): ClusterTemplate
  /** Throws PluginNotFound, or ConfigError when the section has a mistake. */
  plugin(name: string): PluginSettings
  /** Throws KeyNotFound, or ConfigError when the section has a mistake. */
  key(name: string): KeySettings
  /**
   * `file:line` of a setting, else of its section; undefined when there is no such section. A template's setting may
   * stand in an ancestor.
   */
  place(kind: NamedKind, name: string, setting?: string): string | undefined
  /**
   * Where each value comes from: of a template and of all sections it refers to, or of `[global]` and `[aws info]`
   * alone when no template is named. Without secrets.
   */
  explain(template: string | undefined, defaults: TemplateDefaults): readonly ExplainedSection[]
  /** True when a file was changed, removed or has appeared since: then load it again. A few stat calls. */
  isStale(): boolean
}
