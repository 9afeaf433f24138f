/**
 * The last line of CI: `N passed, N failed[, N skipped]`, from vitest's JSON report.
 * Usage: summary.mjs FAILED_STEPS REPORT TESTS_STATUS, the last being the test command's exit
 * status, or empty where it was never reached. Exits 1 where anything failed.
 *
 * A test file that could not be loaded, or set up, has no failed test in the report, and a crash
 * leaves no report or one without failures; each counts as one failure, so nothing broken looks whole.
 */
import { existsSync, readFileSync } from "node:fs"

const [failedSteps = "0", report = "", testsStatus = ""] = process.argv.slice(2)

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
  const failed = results.numFailedTests + unloaded.length
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
