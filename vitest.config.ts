import { defineConfig } from "vitest/config"

// `npm run test:long` tries each property a hundred times as often.
const isLong = process.env["EVENKEEL_LONG"] === "1"
const timeoutMillis = isLong ? 3_600_000 : 120_000

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/property-runs.ts"],
    // Files share processes: loading modules anew for each would take a quarter of the time. So a test
    // puts back what it changes of its process: the environment, timers, spies.
    isolate: false,
    // Two cores are what CI has; vitest alone would leave one of them idle.
    maxWorkers: 2,
    minWorkers: 1,
    testTimeout: timeoutMillis,
    hookTimeout: timeoutMillis,
  },
})
