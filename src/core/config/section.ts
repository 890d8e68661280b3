import type { RawSetting } from './dialect.js'
import { InterpolationProblem, interpolate } from './interpolate.js'
import type { SectionKind } from './section-kinds.js'

/** All that was written for one section, over repeated headers and included files. */
export class Section {
  readonly settings = new Map<string, RawSetting>()

  constructor(
    readonly kind: SectionKind,
    /** Empty for `[global]` and `[aws info]`. */
    readonly name: string,
    /** `file:line` of its first header. */
    readonly place: string,
    /** The `[DEFAULT]` section: counts where a section has no setting of that name. */
    private readonly fallback: ReadonlyMap<string, RawSetting>,
  ) {}

  /** `[cluster smallcluster]`, as messages name it. */
  get label(): string {
    return `[${this.kind.header.replace('NAME', this.name)}]`
  }

  find(name: string): RawSetting | undefined {
    return this.settings.get(name) ?? this.fallback.get(name)
  }

  /** The value with `%(x)s` replaced from this section, or what is wrong with it. */
  textOf(setting: RawSetting): { readonly text: string } | { readonly problem: string } {
    if (setting.literal) return { text: setting.value.trim() }
    try {
      return { text: interpolate(setting.value, (name) => this.variable(name)).trim() }
    } catch (error) {
      if (error instanceof InterpolationProblem) return { problem: error.message }
      throw error
    }
  }

  private variable(name: string): string | undefined {
    return this.find(name)?.value ?? (name === '__name__' ? this.label.slice(1, -1) : undefined)
  }
}

/** Where a setting stands, as messages begin. */
export function placeOf(setting: RawSetting): string {
  return setting.line > 0 ? `${setting.file}:${setting.line}` : setting.file
}
