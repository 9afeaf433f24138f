/**
 * The last lines of CI: each test that failed with what it said, and `N passed, N failed[, N skipped]`,
 * from vitest's JSON report.
 * Usage: summary.mjs FAILED_STEPS TESTS_STATUS REPORT LOG: the test command's exit status, or empty
 * where it was never reached, vitest's JSON report and what it printed. Exits 1 where anything failed.
 *
 * A test file that could not be loaded, or set up, has no failed test in the report, and a crash
 * leaves no report or one without failures; each counts as one failure, so nothing broken looks whole.
 */
import { existsSync, readFileSync } from "node:fs"

const [failedSteps = "0", testsStatus = "", report = "", log = ""] = process.argv.slice(2)

/** The first lines of what a test said: enough to know it again, where the log before is cut off. */
const excerptOf = (messages) => messages.join("\n").slice(0, 2_000).replaceAll(/^/gm, "    ")

/** An error outside of any test fails a run without a failed test; only the log says which. */
const printUnhandled = () => {
  const text = existsSync(log) ? readFileSync(log, "utf8") : ""
  const from = text.lastIndexOf("Unhandled Error")
  console.log(excerptOf([from < 0 ? text.slice(-2_000) : text.slice(from)]))
}

const countTests = () => {
  if (testsStatus === "") return { passed: 0, failed: 0, skipped: 0 }
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
  if (failed === 0 && testsStatus !== "0") printUnhandled()
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && testsStatus !== "0" ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  }
}

const { passed, failed, skipped } = countTests()
const allFailed = failed + Number(failedSteps)
process.exitCode = allFailed === 0 && passed > 0 ? 0 : 1
console.log(`${passed} passed, ${allFailed} failed` + (skipped > 0 ? `, ${skipped} skipped` : ""))
