import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `npm run test:node-red`: a webhook target that nobody here wrote. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/node-red/*.node-red.ts'],
    testTimeout: 30_000,
    // Installing it takes a while, once.
    hookTimeout: 300_000,
  },
})
