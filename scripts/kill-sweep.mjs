/**
 * The promise of `evenkeel sweep`, tried at full size: a sweep of 1,000 cells that is killed (SIGKILL)
 * three times and begun again each time leaves, byte for byte, what one leaves that was not. Prints
 * digests and times, and exits 1 where a byte differs. Takes a few minutes on two cores.
 *
 *   npm run check:resume
 */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const program = resolve("dist/evenkeel.js")
const folder = mkdtempSync(join(tmpdir(), "evenkeel-resume-"))
const scenario = join(folder, "small.yaml")
writeFileSync(
  scenario,
  `name: small
title: A small market for quick sweeps
horizonDays: 0.05
warmupDays: 0.01
demand: { requestsPerSecond: 0.3 }
fleet: { nodes: 4, maxSlots: 2 }
consumers: { count: 20 }
`,
)
const words = (out) => [
  program,
  "sweep",
  scenario,
  "--out",
  join(folder, out),
  "--replications",
  "4",
  "--vary",
  "economy.feeBps=500..2000:10",
  "--vary",
  "fleet.nodes=2,4,6,8,10",
  "--vary",
  "demand.requestsPerSecond=0.1..0.5:5",
]

/** Runs the sweep, and kills it once it says that this tenth of it is done. Gives seconds and signal. */
const run = (out, killAt) =>
  new Promise((done) => {
    const began = performance.now()
    const child = spawn(process.execPath, words(out), { stdio: ["ignore", "ignore", "pipe"] })
    child.stderr.on("data", (data) => {
      if (killAt !== undefined && String(data).startsWith(`${killAt}%`)) child.kill("SIGKILL")
    })
    child.on("close", (code, signal) =>
      done({ seconds: (performance.now() - began) / 1000, code, signal }),
    )
  })
const digestOf = (out, file) =>
  createHash("sha256")
    .update(readFileSync(join(folder, out, file)))
    .digest("hex")
const shown = (seconds) => `${seconds.toFixed(1)} s`

const whole = await run("whole")
console.log(`not interrupted: ${shown(whole.seconds)}, exit code ${whole.code}`)
let good = whole.code === 0
for (const tenth of [20, 50, 80]) {
  const { seconds, signal } = await run("killed", tenth)
  console.log(`killed at ${tenth}%: ${signal} after ${shown(seconds)}`)
  good &&= signal === "SIGKILL"
}
const last = await run("killed")
console.log(`resumed to the end: ${shown(last.seconds)}, exit code ${last.code}`)
good &&= last.code === 0
for (const file of ["cells.csv", "results.json"]) {
  const digests = ["whole", "killed"].map((out) => digestOf(out, file))
  const isSame = digests[0] === digests[1]
  good &&= isSame
  const cells = readFileSync(join(folder, "whole", "cells.csv"), "utf8").split("\n").length - 2
  console.log(
    `${file} (${cells} cells): ${isSame ? "identical" : "DIFFERENT"}\n  ${digests.join("\n  ")}`,
  )
}
rmSync(folder, { recursive: true })
process.exitCode = good ? 0 : 1
