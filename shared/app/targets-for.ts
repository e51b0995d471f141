import type { ShopConfig, TargetConfig } from '#contracts/config.ts'
import type { DocumentKind } from '#contracts/scalars.ts'

/** Which of a shop's targets take a kind. */
export function targetsFor(
  { targets }: Pick<ShopConfig, 'targets'>,
  config: Readonly<Record<string, Pick<TargetConfig, 'kinds'>>>,
): (kind: DocumentKind) => readonly string[] {
  return (kind) => targets.filter((target) => config[target]?.kinds.includes(kind))
}
