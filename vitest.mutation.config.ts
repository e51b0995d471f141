import { defineConfig } from 'vitest/config'

/** The tests that judge the domain, and nothing that starts a process: what Stryker runs for every mutant. */
export default defineConfig({
  test: {
    include: [
      'test/unit/domain/**/*.test.ts',
      'test/property/**/*.test.ts',
      'test/unit/app/deliver-*.test.ts',
    ],
    // Seconds a run, and what they judge is more than the domain.
    exclude: ['test/property/deliver.prop.test.ts', 'test/property/plan-delivery.prop.test.ts'],
  },
})
