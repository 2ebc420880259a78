import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.mjs'],
    // Each file has the server for itself: the suites count connections and look at timing.
    fileParallelism: false,
    testTimeout: 30_000,
    reporters: ['default'],
  },
})
