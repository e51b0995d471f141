import { expect, test } from 'vitest'
import { languageOf } from '#runtime/language.ts'

test.each([
  [{ LANG: 'zh_CN.UTF-8' }, 'en-US', 'zh'],
  [{ LANG: 'zh_TW' }, 'en-US', 'zh'],
  [{ LANG: 'de_DE.UTF-8' }, 'zh-CN', 'en'],
  [{ LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, 'zh-CN', 'en'],
  [{ LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'en_US.UTF-8' }, 'en-US', 'zh'],
  [{ LC_ALL: '', LANG: 'zh_CN.UTF-8' }, 'en-US', 'zh'],
  [{}, 'zh-Hans-CN', 'zh'],
  [{}, 'en-GB', 'en'],
])('the environment %j on a system in %s reads %s', (env, system, language) => {
  expect(languageOf(env, system)).toBe(language)
})
