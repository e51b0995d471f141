import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: [
            'test/{unit,property,conformance,contract}/**/*.test.ts',
            'test/property/**/*.prop.test.ts',
          ],
        },
      },
      {
        // The first import of aws-cdk-lib costs seconds: one worker pays it once.
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          fileParallelism: false,
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
