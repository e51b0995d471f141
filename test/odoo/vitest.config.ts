import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Used by run.ts alone, which says where the server is. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/odoo/*.odoo.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
})
