export type Language = 'en' | 'zh'

/** The first of the usual variables that is set decides, else the system's own setting. */
export function languageOf(env: Readonly<Record<string, string | undefined>>, system: string): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || system
  return /^zh/i.test(locale) ? 'zh' : 'en'
}
