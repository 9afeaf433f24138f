import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Backend } from "../../../../live/agent/backends/backend.ts"
import type { HuggingFaceBackendOptions } from "../../../../live/agent/backends/huggingface.ts"
import { huggingFaceBackend } from "../../../../live/agent/backends/huggingface.ts"
import { until } from "../support/eventually.ts"
import { chat, generated, textOf } from "../support/generated.ts"

/**
 * What stands for `transformers serve`: notes its words and process in a file, answers as the real one
 * does (no `[DONE]`), and dies on its first chat.
 */
const fake = `#!${process.execPath}
const { appendFileSync, readFileSync, existsSync } = require("node:fs")
const { createServer } = require("node:http")
const log = __filename + ".log"
const words = process.argv.slice(2)
const starts = existsSync(log) ? readFileSync(log, "utf8").trim().split("\\n").length : 0
appendFileSync(log, JSON.stringify({ pid: process.pid, words }) + "\\n")
const port = Number(words[words.indexOf("--port") + 1])
createServer((request, response) => {
  if (request.url === "/health") return response.end('{"status":"ok"}')
  if (request.url === "/v1/models") return response.end(JSON.stringify({ data: [{ id: "cached/model" }] }))
  let body = ""
  request.on("data", (part) => { body += part }).on("end", () => {
    if (starts === 0) {
      console.error("CUDA out of memory")
      process.exit(1)
    }
    const { max_tokens, max_completion_tokens } = JSON.parse(body)
    response.writeHead(200, { "content-type": "text/event-stream" })
    const choice = (delta, finish_reason) => "data: " + JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] }) + "\\n\\n"
    response.end(choice({ content: String(max_tokens) + String(max_completion_tokens) }) + choice({}, "stop"))
  })
}).listen(port, "127.0.0.1")
`

let folder: string
let backend: Backend | undefined
const notices: Array<string> = []
const path = process.env["PATH"]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-hf-"))
  process.env["PATH"] = `${folder}:${path}`
  notices.length = 0
})
afterEach(async () => {
  await backend?.stop()
  process.env["PATH"] = path
  rmSync(folder, { recursive: true })
})

const install = (script: string): void => {
  const file = join(folder, "transformers")
  writeFileSync(file, script)
  chmodSync(file, 0o755)
}
const backendWith = (over: Partial<HuggingFaceBackendOptions> = {}): Backend => {
  backend = huggingFaceBackend({
    models: [],
    onRestart: (message) => notices.push(message),
    ...over,
    supervision: {
      checkMillis: 10,
      graceMillis: 300,
      firstWaitMillis: 50,
      ...over.supervision,
    },
  })
  return backend
}
const lives = () =>
  readFileSync(join(folder, "transformers.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly pid: number; readonly words: Array<string> })
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe("transformers serve", () => {
  test("is started on a port of its own, started again when it dies, and ends with the agent", async () => {
    install(fake)
    const own = backendWith({ extraWords: ["--continuous-batching"] })
    await own.start()
    expect(own.isReady()).toBe(true)
    expect(await own.models()).toEqual(["cached/model"])
    const { words } = lives()[0]!
    expect(words.slice(0, 4)).toEqual(["serve", "--host", "127.0.0.1", "--port"])
    expect(words).toContain("--continuous-batching")

    // The first chat kills it.
    const cut = await generated(own, chat())
    expect(cut.error).toMatchObject({ name: "BackendError" })
    await until(() => notices.length === 1)
    expect(notices[0]).toContain("CUDA out of memory")
    expect(own.isReady()).toBe(false)
    expect(() => own.generate(chat(), new AbortController().signal)).toThrow("is not running")

    await until(() => own.isReady())
    const { chunks, error } = await generated(own, chat({ max_completion_tokens: 7 }))
    expect(error).toBeUndefined()
    expect(textOf(chunks)).toBe("7undefined")

    const { pid } = lives()[1]!
    await own.stop()
    expect(isAlive(pid)).toBe(false)
    expect(lives()).toHaveLength(2)
  })

  test("is killed where it does not end by itself", async () => {
    install(fake.replace("const words", 'process.on("SIGTERM", () => {})\nconst words'))
    const own = backendWith({ models: ["given"] })
    await own.start()
    expect(await own.models()).toEqual(["given"])
    const { pid } = lives()[0]!
    await own.stop()
    expect(isAlive(pid)).toBe(false)
  })

  test("that is not installed is an error that says how to install it", async () => {
    const program = join(folder, "transformers")
    await expect(backendWith({ program }).start()).rejects.toThrow(
      `${program}: not found. Install it with: pip install 'transformers[serving]'`,
    )
  })

  test("that never answers is given up, with its last words", async () => {
    install("#!/bin/sh\necho 'no CUDA device' >&2\nexec sleep 60\n")
    const own = backendWith({ supervision: { startMillis: 300 } })
    await expect(own.start()).rejects.toThrow(
      /did not answer within 0\.3 s; it said:\nno CUDA device/,
    )
    expect(own.isReady()).toBe(false)
  })
})
