import { defineConfig } from 'vitest/config';

/** The tiers of style.md. Suite, chart and chaos have a project each, for their time-outs and their order. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'house', include: ['test/house/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'core',
          isolate: false,
          include: ['libs/**/*.test.ts', 'apps/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.ports.test.ts', '**/*.service.test.ts'],
        },
      },
      {
        test: {
          name: 'ports',
          include: ['libs/**/*.ports.test.ts', 'apps/**/*.ports.test.ts'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'service',
          include: ['libs/**/*.service.test.ts', 'apps/**/*.service.test.ts'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'suite',
          include: ['test/suite/**/*.test.ts'],
          maxConcurrency: 32,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // A suite of its own for each file; most of the time is waiting, so two run at once.
        test: {
          name: 'specs',
          include: ['test/specs/**/*.test.ts'],
          maxConcurrency: 32,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          globalSetup: ['test/chart/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
