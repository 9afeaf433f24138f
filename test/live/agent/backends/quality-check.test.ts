import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Backend, Chunk } from "../../../../live/agent/backends/backend.ts"
import type { GatewayLink } from "../../../../live/agent/serving/gateway-link.ts"
import { makeProgress, runJob } from "../../../../live/agent/serving/job-run.ts"
import type { JobResult, QualityChecker } from "../../../../live/agent/backends/quality-check.ts"
import { usualQualityCheck } from "../../../../live/agent/backends/quality-check.ts"

const piece = (content: string): Chunk => ({ choices: [{ index: 0, delta: { content } }] })

/** A job whose backend answers so, under a check: what went up, and how it ended. */
const run = async (chunks: ReadonlyArray<Chunk>, check?: QualityChecker) => {
  const sent: Array<Chunk> = []
  const failures: Array<unknown> = []
  const completions: Array<unknown> = []
  const upload = {
    answered: new Promise(() => {}),
    sentSinceMillis: () => undefined,
    sign: () => {},
    write: async (chunk: Chunk) => void sent.push(chunk),
    finish: async () => 200,
    abort: () => {},
  }
  const link = {
    upload: () => upload,
    complete: async (_id: string, completion: unknown) => void completions.push(completion),
    fail: async (_id: string, failure: unknown) => void failures.push(failure),
  } as unknown as GatewayLink
  const backend = {
    generate: async function* () {
      for (const chunk of chunks) yield chunk
    },
  } as unknown as Backend
  const job = {
    job_id: "j",
    attempt: 0,
    epoch: 0,
    kind: "chat",
    body: {},
    model: "m",
    timeout_seconds: 60,
  } as const
  const { signal } = new AbortController()
  const report = await Effect.runPromise(runJob(link, backend, job, signal, makeProgress(), check))
  return { report, sent, failures, completions }
}

const result: JobResult = {
  jobId: "j",
  model: "m",
  completionTime: 1,
  timeout: 60,
  errorRate: 0,
  text: "",
}

describe("a host's check of its results", () => {
  it("is 003's: at most 0.9 of the time, and 0.05 of errors", () => {
    const passes = (over: Partial<JobResult>) =>
      (usualQualityCheck({ ...result, ...over }) as readonly [boolean, string])[0]
    expect(passes({ completionTime: 54 })).toBe(true)
    expect(passes({ completionTime: 54.001 })).toBe(false)
    expect(passes({ errorRate: 0.05 })).toBe(true)
    expect(passes({ errorRate: 0.051 })).toBe(false)
  })

  it("sees the whole result before any of it goes up", async () => {
    const seen: Array<JobResult> = []
    const { sent, report, completions } = await run([piece("a"), piece("b")], (one) => {
      seen.push(one)
      return true
    })
    expect(seen).toMatchObject([{ jobId: "j", model: "m", timeout: 60, errorRate: 0, text: "ab" }])
    expect(seen[0]?.completionTime).toBeLessThan(10)
    expect(sent).toHaveLength(2)
    expect(report).toMatchObject({ end: "completed", pieces: 2 })
    expect(completions).toHaveLength(1)
  })

  it("gives back what has failed, unseen", async () => {
    const { sent, report, failures, completions } = await run(
      [piece("a"), piece("\uFFFD")],
      usualQualityCheck,
    )
    expect(sent).toEqual([])
    expect(completions).toEqual([])
    expect(report).toMatchObject({ end: "failed", pieces: 0, detail: "Error rate too high" })
    expect(failures).toEqual([
      { attempt: 0, epoch: 0, outcome: "qualityFailed", message: "Error rate too high" },
    ])
  })

  it("has found nothing good where it breaks off, or says no more than no", async () => {
    const broken = await run([piece("a")], async () => {
      throw new Error("no disk")
    })
    expect(broken.failures).toMatchObject([
      { outcome: "qualityFailed", message: "the quality check broke off: no disk" },
    ])
    const refused = await run([piece("a")], () => false)
    expect(refused.failures).toMatchObject([{ message: "the quality check failed" }])
  })

  it("is not made where there is none: each piece goes up as it comes", async () => {
    const { sent, report } = await run([piece("\uFFFD")])
    expect(sent).toHaveLength(1)
    expect(report.end).toBe("completed")
  })
})
