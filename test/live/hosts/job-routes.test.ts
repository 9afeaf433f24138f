import { describe, expect, it } from "vitest"
import type { Job } from "../../../live/protocol/delivery.ts"
import type { MarketOptions } from "../support/market.ts"
import { openHostServer, recordingSink } from "./host-server.ts"

const token = (content: string) => ({ choices: [{ index: 0, delta: { content } }] })

const withHost = async (options: MarketOptions = {}) => {
  const server = await openHostServer(options)
  const model = server.market.listModel({ name: "small" })
  const { host, instance, secret } = server.market.startHost({ model })
  let request = 0
  const jobFor = (to: number, kind: Job["kind"] = "chat"): Job => ({
    request: ++request,
    attempt: 0,
    instance: to,
    kind,
    body: { model: "small", stream: true, messages: [{ role: "user", content: "hi" }] },
    inputTokens: 3,
    maxTokens: 10,
  })
  const deliver = (kind?: Job["kind"]) => {
    const sink = recordingSink()
    const delivery = server.board.deliver(jobFor(instance.id, kind), sink)
    return { sink, delivery }
  }
  const mini = server.host(secret)
  return { ...server, model, host, instance, secret, mini, deliver }
}

describe("a host that polls", () => {
  it("gets a job that waits, streams it, completes it", async () => {
    const { mini, deliver } = await withHost()
    const { sink } = deliver()
    const polled = await mini.poll()
    expect(polled.status).toBe(200)
    const job = polled.body
    expect(job).toMatchObject({
      attempt: 0,
      epoch: 1,
      kind: "chat",
      model: "small",
      lease_seconds: 20,
      input_tokens: 3,
      max_tokens: 10,
      body: { model: "small", stream: true },
    })
    const upload = mini.upload(job)
    upload.write(token("a"))
    await sink.until(() => sink.chunks.length === 1)
    upload.writeRaw(`\n${JSON.stringify(token("b")).slice(0, 10)}`)
    upload.writeRaw(`${JSON.stringify(token("b")).slice(10)}\n\n${JSON.stringify(token("c"))}`)
    upload.end()
    expect((await upload.answer).body).toEqual({ job_id: job.job_id, status: "received" })
    expect(sink.ends).toEqual([])
    const done = await mini.complete(job, { usage: { prompt_tokens: 3, completion_tokens: 3 } })
    expect([done.status, done.body]).toEqual([200, { job_id: job.job_id, status: "completed" }])
    expect(sink.chunks).toEqual([token("a"), token("b"), token("c")])
    expect(sink.ends).toEqual([{ outcome: "completed", reportedTokens: 3 }])
  })

  it("gets a job that comes while it waits, at once", async () => {
    const { mini, deliver, board } = await withHost()
    const polled = mini.poll()
    while (board.totals().polls === 0) await new Promise(setImmediate)
    const started = performance.now()
    deliver()
    expect((await polled).status).toBe(200)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it("is told why no job came", async () => {
    const { mini, market, instance } = await withHost()
    const idle = await mini.poll(0)
    expect([idle.status, idle.headers["x-evenkeel-skip"]]).toEqual([204, "small=NoDemand"])
    market.driver.submit({
      _tag: "AvailabilityChanged",
      instance: instance.id,
      isAvailable: false,
    })
    expect((await mini.poll(0)).headers["x-evenkeel-skip"]).toBe("small=OffSchedule")
  })

  it("completes twice and is answered alike; too late, it is refused", async () => {
    const { mini, deliver } = await withHost()
    const { sink } = deliver()
    const { body: job } = await mini.poll()
    const first = await mini.complete(job)
    const second = await mini.complete(job)
    expect([second.status, second.body]).toEqual([first.status, first.body])
    expect((await mini.fail(job)).status).toBe(409)
    expect((await mini.complete({ ...job, epoch: 2 })).body.error.code).toBe("stale_claim")
    expect((await mini.complete({ ...job, job_id: "job_unheard" })).body.error.code).toBe(
      "unknown_job",
    )
    expect(sink.ends).toHaveLength(1)
    const upload = mini.upload(job)
    expect((await upload.answer).status).toBe(409)
  })

  it("is stopped before its first token when the consumer leaves", async () => {
    const { mini, deliver } = await withHost()
    const { sink, delivery } = deliver()
    const { body: job } = await mini.poll()
    const upload = mini.upload(job)
    // Time for the upload to open; where it takes longer, it is answered alike.
    await new Promise((resolve) => void setTimeout(resolve, 30))
    const left = performance.now()
    delivery.cancel()
    const answer = await upload.answer
    expect(performance.now() - left).toBeLessThan(2000)
    expect([answer.status, answer.body.error.code]).toEqual([499, "job_withdrawn"])
    expect(sink.ends).toEqual([])
    expect((await mini.complete(job)).body.error.code).toBe("job_withdrawn")
  })

  it("is stopped in the middle of its answer, and its connection closed, when it goes on", async () => {
    const { mini, deliver } = await withHost()
    const { sink, delivery } = deliver()
    const { body: job } = await mini.poll()
    const upload = mini.upload(job)
    upload.write(token("a"))
    await sink.until(() => sink.chunks.length === 1)
    const left = performance.now()
    delivery.cancel()
    expect((await upload.answer).status).toBe(499)
    expect(performance.now() - left).toBeLessThan(2000)
    const writing = setInterval(() => upload.write(token("more")), 10)
    await upload.closed
    clearInterval(writing)
    expect(performance.now() - left).toBeLessThan(2000)
    expect(sink.chunks).toHaveLength(1)
  })

  it("ends its job by breaking off", async () => {
    const { mini, deliver } = await withHost()
    const before = deliver()
    const { body: first } = await mini.poll()
    const early = mini.upload(first)
    await new Promise((resolve) => void setTimeout(resolve, 30))
    early.destroy()
    await before.sink.until(() => before.sink.ends.length === 1)
    expect(before.sink.ends).toMatchObject([{ outcome: "connectFailed" }])

    const after = deliver()
    const { body: second } = await mini.poll()
    const upload = mini.upload(second)
    upload.write(token("a"))
    await after.sink.until(() => after.sink.chunks.length === 1)
    upload.destroy()
    await after.sink.until(() => after.sink.ends.length === 1)
    expect(after.sink.ends).toMatchObject([{ outcome: "truncated" }])
    expect((await mini.complete(second)).body.error.code).toBe("job_lost")
  })

  it("ends its job by sending what is no chunk", async () => {
    const { mini, deliver } = await withHost()
    for (const nonsense of ["tokens!\n", "[1]\n", "3\n", `"${"x".repeat(2_000_000)}"\n`]) {
      const { sink } = deliver()
      const { body: job } = await mini.poll()
      const upload = mini.upload(job)
      upload.writeRaw(nonsense)
      expect((await upload.answer).status).toBe(400)
      expect(sink.ends).toMatchObject([{ outcome: "malformed" }])
    }
  })

  it("waits for a consumer that reads slower than it writes", async () => {
    const { mini, deliver } = await withHost()
    const { sink, delivery } = deliver()
    const { body: job } = await mini.poll()
    delivery.pause()
    const upload = mini.upload(job)
    for (let line = 0; line < 50; line++) upload.write(token(String(line)))
    upload.end()
    const done = mini.complete(job)
    await new Promise((resolve) => void setTimeout(resolve, 50))
    expect([sink.chunks.length, sink.ends.length]).toEqual([0, 0])
    delivery.resume()
    await sink.until(() => sink.ends.length === 1)
    expect(sink.chunks).toHaveLength(50)
    expect((await done).status).toBe(200)
    expect((await upload.answer).status).toBe(200)
  })

  it("says why a job failed", async () => {
    const { mini, deliver } = await withHost()
    const { sink } = deliver()
    const { body: job } = await mini.poll()
    const nameless = await mini.fail(job, { outcome: "consumerError" })
    expect([nameless.status, nameless.body.error.param]).toEqual([400, "status"])
    const failed = await mini.fail(job, {
      outcome: "backpressure",
      status: 429,
      message: "busy",
      retry_after_seconds: 2.5,
    })
    expect(failed.body).toEqual({ job_id: job.job_id, status: "failed" })
    expect((await mini.fail(job)).body).toEqual(failed.body)
    expect(sink.ends).toEqual([
      { outcome: "backpressure", status: 429, detail: "busy", retryAfterMicros: 2_500_000 },
    ])
  })

  it("answers an embedding whole", async () => {
    const { mini, deliver } = await withHost()
    const { sink } = deliver("embedding")
    const { body: job } = await mini.poll()
    const response = { object: "list", data: [{ embedding: [0.1, 0.2] }] }
    expect((await mini.complete(job, { response })).status).toBe(200)
    expect(sink.chunks).toEqual([response])
    deliver()
    const { body: text } = await mini.poll()
    expect((await mini.complete(text, { response })).body.error.param).toBe("response")
  })

  it("that goes away while it waits loses no job", async () => {
    const { mini, deliver, board, port, secret } = await withHost()
    const http = await import("node:http")
    const gone = http.request({
      port,
      host: "127.0.0.1",
      method: "POST",
      path: "/hosts/next-job",
      headers: { authorization: `Bearer ${secret}` },
    })
    gone.on("error", () => {})
    gone.end()
    while (board.totals().polls === 0) await new Promise(setImmediate)
    gone.destroy()
    while (board.totals().polls === 1) await new Promise(setImmediate)
    deliver()
    expect((await mini.poll()).body.epoch).toBe(1)
  })

  it("gets no job by a key that was replaced while it waited", async () => {
    const { call, market, host, secret, mini, deliver } = await withHost()
    const waiting = mini.poll()
    await new Promise((resume) => setTimeout(resume, 100))
    const owner = market.giveKey("account", { account: host.account })
    const replaced = await call("POST", `/hosts/${host.publicId}/key`, owner.secret)
    expect(replaced.status).toBe(201)
    const { sink } = deliver()
    expect((await waiting).status).toBe(401)
    expect((await call("POST", "/hosts/next-job?wait_seconds=0", secret)).status).toBe(401)
    const job = await call("POST", "/hosts/next-job", replaced.body.api_key as string)
    expect([job.status, job.body.epoch]).toEqual([200, 2])
    expect(sink.ends).toEqual([])
  })

  it("may not wait in too many polls at once", async () => {
    const { mini } = await withHost()
    const polls = Array.from({ length: 9 }, () => mini.poll(1))
    const statuses = (await Promise.all(polls)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 429)).toHaveLength(1)
  })

  it("sees nothing of another host's jobs", async () => {
    const { mini, deliver, market, model, call } = await withHost()
    const other = market.startHost({ model }).secret
    const { sink } = deliver()
    const { body: job } = await mini.poll()
    const path = `/hosts/jobs/${job.job_id}/complete`
    const foreign = await call("POST", path, other, { attempt: 0, epoch: 1 })
    expect([foreign.status, foreign.body.error.code]).toEqual([409, "unknown_job"])
    expect((await call("POST", path, undefined, { attempt: 0, epoch: 1 })).status).toBe(401)
    expect(sink.ends).toEqual([])
  })

  it("needs the key of a host", async () => {
    const { call, market } = await withHost()
    const { secret } = market.openAccount()
    expect((await call("POST", "/hosts/next-job", secret)).status).toBe(403)
    expect((await call("POST", "/hosts/next-job", "hk_live_nothing")).status).toBe(401)
  })
})
