export type Language = 'en' | 'zh'

/** Chinese where the locale is; what is not Chinese reads English. An empty variable counts as unset, as in POSIX. */
export function languageOf(
  env: Readonly<Record<string, string | undefined>>,
  systemLocale = Intl.DateTimeFormat().resolvedOptions().locale,
): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || systemLocale
  return /^zh/i.test(locale) ? 'zh' : 'en'
}
