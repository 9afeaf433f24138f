/**
 * The last lines of CI: each test that failed with what it said, and `N passed, N failed[, N skipped]`,
 * from vitest's JSON reports.
 * Usage: summary.mjs FAILED_STEPS [STATUS REPORT LOG]…: of each suite of tests the command's exit status,
 * vitest's JSON report and what it printed. Exits 1 where anything failed, or nothing was tested.
 *
 * A test file that could not be loaded, or set up, has no failed test in the report, and a crash
 * leaves no report or one without failures; each counts as one failure, so nothing broken looks whole.
 */
import { existsSync, readFileSync } from "node:fs"

const [failedSteps = "0", ...suites] = process.argv.slice(2)

/** The first lines of what a test said: enough to know it again, where the log before is cut off. */
const excerptOf = (messages) => messages.join("\n").slice(0, 2_000).replaceAll(/^/gm, "    ")

/** An error outside of any test fails a run without a failed test; only the log says which. */
const printUnhandled = (log) => {
  const text = existsSync(log) ? readFileSync(log, "utf8") : ""
  const from = text.lastIndexOf("Unhandled Error")
  console.log(excerptOf([from < 0 ? text.slice(-2_000) : text.slice(from)]))
}

const countTests = ([status, report, log]) => {
  let results
  try {
    results = JSON.parse(existsSync(report) ? readFileSync(report, "utf8") : "")
  } catch {
    console.log("The test runner left no readable report.")
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const unloaded = results.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  )
  for (const file of unloaded) console.log(`could not run ${file.name}: ${file.message}`)
  for (const file of results.testResults)
    for (const test of file.assertionResults.filter((each) => each.status === "failed"))
      console.log(`failed ${file.name}: ${test.fullName}\n${excerptOf(test.failureMessages)}`)
  const failed = results.numFailedTests + unloaded.length
  if (failed === 0 && status !== "0") printUnhandled(log)
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && status !== "0" ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  }
}

const total = { passed: 0, failed: Number(failedSteps), skipped: 0 }
while (suites.length > 0)
  for (const [kind, count] of Object.entries(countTests(suites.splice(0, 3)))) total[kind] += count
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
console.log(
  `${total.passed} passed, ${total.failed} failed` +
    (total.skipped > 0 ? `, ${total.skipped} skipped` : ""),
)
