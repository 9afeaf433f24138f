/**
 * Runs what the README tells its reader to type. Each fenced block marked `sh` is one script, run
 * by bash in the checkout's root, stopping at its first failing command. Not run: blocks marked
 * `sh no-ci` (a clone, a server that never ends), and the lines `npm ci`, `npm cit` and `npm test`,
 * which CI has run by then. Exits 1 where a block failed; later blocks still run.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"

const ALREADY_RUN = /^\s*npm (ci|cit|test)\s*(#.*)?$/

const text = existsSync("README.md") ? readFileSync("README.md", "utf8") : ""
const blocks = [...text.matchAll(/^```sh[ \t]*(\S*)[^\n]*\n([\s\S]*?)^```/gm)]
  .filter(([, mark]) => mark !== "no-ci")
  .map(([, , body]) =>
    body
      .split("\n")
      .filter((line) => !ALREADY_RUN.test(line))
      .join("\n"),
  )
  // Nothing but blank lines and comments is nothing to run.
  .filter((script) => /^\s*[^\s#]/m.test(script))

let failures = 0
for (const script of blocks) {
  console.log(`\n${script.trimEnd().replace(/^/gm, "$ ")}`)
  const began = performance.now()
  // A command that never ends is stopped, and that is a failure.
  const { status } = spawnSync("bash", ["-euo", "pipefail", "-c", script], {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: 600_000,
  })
  if (status !== 0) failures += 1
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`(${status === 0 ? "ok" : `FAILED, status ${status}`}, ${seconds} s)`)
}
console.log(`\n${blocks.length - failures} of ${blocks.length} README blocks ran`)
process.exitCode = failures === 0 ? 0 : 1
