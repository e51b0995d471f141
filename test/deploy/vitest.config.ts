import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Used by run.ts alone, which starts the emulator first. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/deploy/*.deploy.ts'],
    globalSetup: 'test/deploy/bootstrap.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
