import { countNodes } from "../../../engine/index.ts"
import { Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { makeNetworkGuard } from "../../../live/hosts/network-guard.ts"
import { tokenOf } from "../../../live/hosts/credentials/vault.ts"
import { openedStore, temporaryFolder } from "../support/data-directory.ts"
import { manualClock } from "../support/manual-clock.ts"
import type { MarketOptions } from "../support/market.ts"
import { openHostServer, recordingSink } from "./host-server.ts"
import type { HostServer } from "./host-server.ts"

const second = 1_000_000

const withOperator = async (options: MarketOptions = {}) => {
  const server = await openHostServer(options)
  const { market } = server
  market.listModel({ name: "small" })
  market.listModel({ name: "large" })
  const { account, secret } = market.openAccount({ name: "operator" })
  const register = (more: object = {}, as = secret) =>
    server.call("POST", "/hosts", as, { models: ["small"], ...more })
  return { ...server, account, secret, register }
}

const kernelEvents = ({ market }: Pick<HostServer, "market">) =>
  market.journal.entries.map(({ event }) => event._tag)

/** A call of a consumer, dispatched by the market and delivered through the board. */
const serve = (server: HostServer) => {
  const { market, board } = server
  const { account } = market.openAccount()
  market.driver.addTaker((command) => {
    if (command._tag !== "Dispatch") return
    const { request, attempt, instance } = command
    board.deliver(
      {
        request,
        attempt,
        instance,
        kind: "chat",
        body: { model: "small" },
        inputTokens: 10,
        maxTokens: 10,
      },
      {
        chunk: () => {},
        alive: () => {},
        end: ({ outcome, reportedTokens = 0 }) =>
          market.driver.submit({
            _tag: "AttemptEnded",
            request,
            attempt,
            outcome,
            outputTokens: reportedTokens,
            reportedTokens,
            decodeMicros: 1000,
            retryAfterMicros: 0,
          }),
      },
    )
  })
  return () =>
    market.driver.submit({
      _tag: "RequestArrived",
      request: market.driver.nextRequest(),
      account: account.id,
      model: market.directory.modelByName("small")!.id,
      inputTokens: 10,
      maxTokens: 10,
    })
}

describe("registering a host", () => {
  it("gives it a key once, and brings it into the market", async () => {
    const server = await withOperator()
    const { register, host, call, market } = server
    const { status, body, headers } = await register({
      gpu: "NVIDIA A100 80GB",
      backend: "huggingface",
      price_per_token: 0.00012,
      slots: 4,
      hardware: { vram_mib: 81_920 },
    })
    expect(status).toBe(201)
    expect(headers["cache-control"]).toBe("no-store")
    expect(body).toMatchObject({
      heartbeat_interval_seconds: 30,
      lease_seconds: 20,
      poll_seconds: 25,
      pricing: { set_by: "platform", fee_bps: 1200, asked_price_per_token: 0.00012 },
      host: { name: "NVIDIA A100 80GB", backend: "huggingface", status: "active" },
    })
    expect(body.pricing.message).toContain("no effect")
    expect(body.host_id).toMatch(/^host_/)
    expect(body.api_key).toMatch(/^hk_live_/)
    expect((await host(body.api_key).poll(0)).status).toBe(204)
    const own = await call("GET", `/hosts/${body.host_id}`, body.api_key)
    expect(own.body.hardware).toMatchObject({ vram_mib: 81_920 })
    expect(own.text).not.toContain("hk_live_")
    expect(JSON.stringify([...market.directory.keys.all()])).not.toContain(body.api_key)
    expect(kernelEvents(server).slice(-3)).toEqual([
      "NodeRegistered",
      "HeartbeatReceived",
      "InstanceStarted",
    ])
  })

  it("is done once for each registration_id of an account", async () => {
    const server = await withOperator()
    const { register, call, market, secret } = server
    const first = await register({ registration_id: "rack 4" })
    const again = await register({ registration_id: "rack 4", models: ["large"] })
    expect([again.status, again.body.host_id, again.body.api_key]).toEqual([
      200,
      first.body.host_id,
      null,
    ])
    expect(market.directory.hosts.size()).toBe(1)
    const other = await register({ registration_id: "rack 4" }, market.openAccount().secret)
    expect(other.status).toBe(201)
    // A lost key is replaced, and the old one ends.
    const path = `/hosts/${first.body.host_id}`
    const renewed = await call("POST", `${path}/key`, secret)
    expect(renewed.status).toBe(201)
    const beat = (key: string) => call("POST", `${path}/heartbeat`, key, {})
    expect((await beat(renewed.body.api_key)).status).toBe(200)
    expect((await beat(first.body.api_key)).status).toBe(401)
    expect((await call("POST", `${path}/key`, renewed.body.api_key)).status).toBe(403)
    // Once it is removed, the id is free.
    await call("DELETE", path, secret)
    expect((await register({ registration_id: "rack 4" })).status).toBe(201)
  })

  it("is refused with a reason that helps", async () => {
    const { register, market } = await withOperator()
    const paramOf = async (more: object) => {
      const { status, body } = await register(more)
      expect(status).toBe(400)
      expect(body.error.type).toBe("invalid_request_error")
      return body.error.message as string
    }
    expect(await paramOf({ models: ["huge"] })).toContain("it lists small, large")
    expect(await paramOf({ models: ["small", { model: "small" }] })).toContain("named twice")
    expect(await paramOf({ models: [] })).toContain("models")
    expect(await paramOf({ slots: 0 })).toContain("slots")
    expect(await paramOf({ slots: 5000 })).toContain("slots")
    expect(await paramOf({ nonsense: 1 })).toContain("additional")
    expect(await paramOf({ endpoint: "http://127.0.0.1" })).toContain("push or cloud")
    expect(await paramOf({ delivery: "push" })).toContain("needs an endpoint")
    expect(await paramOf({ delivery: "cloud", endpoint: "https://127.0.0.1:8443" })).toContain(
      "token",
    )
    expect(await paramOf({ token: "sk-1" })).toContain("cloud only")
    expect(await paramOf({ token: "sk-1\r\nx: y" })).toContain("token")
    expect(await paramOf({ delivery: "push", endpoint: "http://10.0.0.1:8000" })).toContain(
      "not a public address",
    )
    expect(await paramOf({ delivery: "push", endpoint: "http://169.254.169.254" })).toContain(
      "169.254.169.254",
    )
    expect(await paramOf({ hardware: { note: "x".repeat(20_000) } })).toContain("hardware")
    expect(market.directory.hosts.size()).toBe(0)
  })

  it("needs a consumer's key, or an admin's with the account", async () => {
    const { register, market, account } = await withOperator()
    const admin = market.giveKey("admin", {}).secret
    expect((await register({}, "sk_live_none")).status).toBe(401)
    expect((await register({}, admin)).body.error.param).toBe("account_id")
    expect((await register({ account_id: account.publicId }, admin)).status).toBe(201)
    expect((await register({ account_id: market.openAccount().account.publicId })).status).toBe(403)
    expect([...market.directory.hosts.all()].map((host) => host.account)).toEqual([account.id])
  })
})

describe("the market of hosts", () => {
  it("shows everyone models, prices and load, and nobody's address or secret", async () => {
    const { register, call, secret } = await withOperator()
    const pull = await register({ slots: 2 })
    await register({
      models: [{ model: "large", upstream_model: "org/Large-70B", tokens_per_second: 100 }],
      delivery: "cloud",
      endpoint: "http://127.0.0.1:9999/v1/",
      token: "sk-provider-secret",
    })
    const { body, text } = await call("GET", "/hosts")
    expect(body.data).toHaveLength(2)
    expect(body.data[0]).toMatchObject({
      host_id: pull.body.host_id,
      status: "active",
      load: 0,
      total_jobs_completed: 0,
      models: [
        {
          model: "small",
          input_price_per_token: "0.000001",
          output_price_per_token: "0.000002",
          reason: "Eligible",
          slots: 2,
          breaker: "closed",
        },
      ],
    })
    for (const hidden of ["127.0.0.1", "sk-provider", "9999", "endpoint", "hardware", "acct_"])
      expect(text).not.toContain(hidden)
    const some = await call("GET", "/hosts?model=large&limit=1")
    expect(some.body.data).toHaveLength(1)
    expect(some.body.next_cursor).toBeNull()
    const paged = await call("GET", "/hosts?limit=1")
    expect(paged.body.next_cursor).toBe(pull.body.host_id)
    const rest = await call("GET", `/hosts?limit=1&cursor=${paged.body.next_cursor}`)
    expect(rest.body.data[0].delivery).toBe("cloud")
    expect((await call("GET", "/hosts?cursor=host_none")).status).toBe(400)
    const own = await call("GET", `/hosts/${rest.body.data[0].host_id}`, secret)
    expect([own.body.endpoint, own.body.has_token]).toEqual(["http://127.0.0.1:9999/v1", true])
    expect(own.text).not.toContain("sk-provider")
  })

  it("tells hosts in trouble from the others", async () => {
    const { register, call, market } = await withOperator()
    const first = (await register({ name: "lost" })).body.host_id
    const second = (await register({ name: "kept" })).body.host_id
    const lost = market.directory.hostByPublicId(first)!
    market.driver.submit({ _tag: "NodeLost", node: lost.id })
    const idsOf = async (query: string) =>
      ((await call("GET", `/hosts?${query}`)).body.data as Array<{ host_id: string }>).map(
        ({ host_id }) => host_id,
      )
    expect(await idsOf("standing=troubled")).toEqual([first])
    expect(await idsOf("standing=good")).toEqual([second])
    // A page goes on from where it was, whoever has left the list meanwhile.
    expect(await idsOf(`standing=good&cursor=${first}`)).toEqual([second])
    expect((await call("GET", "/hosts?standing=odd")).status).toBe(400)
  })

  it("keeps two operators apart", async () => {
    const { register, call, market } = await withOperator()
    const { body } = await register({ hardware: { rack: "secret corner" } })
    const path = `/hosts/${body.host_id}`
    const stranger = market.openAccount().secret
    const strangersHost = (await register({}, stranger)).body.api_key
    for (const key of [stranger, strangersHost]) {
      const seen = await call("GET", path, key)
      expect(seen.status).toBe(200)
      expect(seen.text).not.toContain("secret corner")
      for (const [method, suffix, sent] of [
        ["POST", "/drain", undefined],
        ["POST", "/resume", undefined],
        ["POST", "/models", { action: "remove", model: "small" }],
        ["DELETE", "", undefined],
        ["GET", "/earnings", undefined],
      ] as const)
        expect((await call(method, path + suffix, key, sent)).status, suffix).toBe(403)
    }
    expect((await call("POST", `${path}/heartbeat`, strangersHost, {})).status).toBe(403)
    expect((await call("POST", `${path}/key`, stranger)).status).toBe(403)
    expect((await call("POST", `${path}/token`, stranger, {})).status).toBe(403)
    expect((await call("POST", `${path}/drain`)).status).toBe(401)
  })

  it("tells an agent whose host it does not know to register again, whatever it asks and by whatever key", async () => {
    const { call, register, secret, market } = await withOperator()
    const known = (await register()).body.api_key as string
    const admin = market.giveKey("admin", {}).secret
    const claim = { attempt: 0, epoch: 1 }
    const routes: ReadonlyArray<readonly [method: string, path: string, body?: object]> = [
      ["POST", "/hosts/host_gone/heartbeat", {}],
      ["POST", "/hosts/host_gone/models", { action: "remove", model: "small" }],
      ["POST", "/hosts/host_gone/drain"],
      ["POST", "/hosts/host_gone/resume"],
      ["POST", "/hosts/host_gone/token", {}],
      ["POST", "/hosts/host_gone/key"],
      ["GET", "/hosts/host_gone/earnings"],
      ["GET", "/hosts/host_gone"],
      ["DELETE", "/hosts/host_gone"],
      ["POST", "/hosts/next-job?wait_seconds=0&host_id=host_gone"],
      ["POST", "/hosts/jobs/job_1/complete?host_id=host_gone", claim],
      ["POST", "/hosts/jobs/job_1/fail?host_id=host_gone", claim],
      ["POST", "/hosts/jobs/job_1/stream?attempt=0&epoch=1&host_id=host_gone"],
    ]
    for (const key of [undefined, "hk_live_x", known, secret, admin])
      for (const [method, path, body] of routes) {
        const answer = await call(method, path, key, body)
        expect([answer.status, answer.body.error.code], `${method} ${path}`).toEqual([
          404,
          "not_found",
        ])
      }
  })

  it("lets nobody work as a host that is not the key's", async () => {
    const { call, register } = await withOperator()
    const [one, other] = [(await register()).body, (await register()).body]
    const poll = (host: string, key: string) =>
      call("POST", `/hosts/next-job?wait_seconds=0&host_id=${host}`, key)
    expect((await poll(one.host_id, one.api_key)).status).toBe(204)
    const foreign = await poll(other.host_id, one.api_key)
    expect([foreign.status, foreign.body.error.code]).toEqual([403, "not_your_host"])
    expect((await poll(one.host_id, "hk_live_x")).status).toBe(401)
  })
})

describe("a heartbeat", () => {
  it("says which jobs the host should have, and which to stop", async () => {
    const server = await withOperator()
    const { register, call, host, board } = server
    const { body } = await register()
    const sink = recordingSink()
    const delivery = board.deliver(
      {
        request: 1,
        attempt: 0,
        instance: 0,
        kind: "chat",
        body: {},
        inputTokens: 1,
        maxTokens: 1,
      },
      sink,
    )
    const { body: job } = await host(body.api_key).poll()
    const beat = (report: object) =>
      call("POST", `/hosts/${body.host_id}/heartbeat`, body.api_key, report)
    const first = await beat({
      gpu_utilization: 0.5,
      temperature_celsius: 61,
      jobs: [job.job_id, "job_of_yesterday"],
    })
    expect(first.body).toEqual({
      status: "active",
      heartbeat_interval_seconds: 30,
      lease_seconds: 20,
      poll_seconds: 25,
      jobs: [{ job_id: job.job_id, attempt: 0, epoch: 1, phase: "handed", chunks: 0 }],
      stop: ["job_of_yesterday"],
    })
    delivery.cancel()
    const second = await beat({ jobs: [job.job_id] })
    expect(second.body).toMatchObject({ jobs: [], stop: [job.job_id] })
    const own = await call("GET", `/hosts/${body.host_id}`, body.api_key)
    expect(own.body.last_heartbeat).toMatchObject({
      gpu_utilization: 0.5,
      temperature_celsius: 61,
      memory_used_mib: null,
    })
  })

  it("that comes too often changes nothing", async () => {
    const server = await withOperator()
    const { register, call } = server
    const { body } = await register()
    const count = () => kernelEvents(server).filter((tag) => tag === "HeartbeatReceived").length
    const before = count()
    for (let beat = 0; beat < 20; beat++)
      expect(
        (await call("POST", `/hosts/${body.host_id}/heartbeat`, body.api_key, {})).status,
      ).toBe(200)
    expect(count() - before).toBe(1)
  })

  it("that is missed three times ends the host's jobs; the next one brings it back", async () => {
    const clock = manualClock()
    const server = await withOperator({ clock })
    const { register, call, host, board, market } = server
    const { body } = await register()
    const sink = recordingSink()
    const job = {
      request: 1,
      attempt: 0,
      instance: 0,
      kind: "chat",
      body: {},
      inputTokens: 1,
      maxTokens: 1,
    } as const
    board.deliver(job, sink)
    const { body: handed } = await host(body.api_key).poll()
    const upload = host(body.api_key).upload(handed)
    upload.write({ choices: [] })
    await sink.until(() => sink.chunks.length === 1)
    clock.pass(89 * second)
    expect(sink.ends).toEqual([])
    clock.pass(2 * second)
    expect(sink.ends).toMatchObject([{ outcome: "truncated" }])
    expect((await upload.answer).body.error.code).toBe("job_lost")
    const look = () => call("GET", `/hosts/${body.host_id}`)
    expect((await look()).body.status).toBe("inactive")
    expect((await host(body.api_key).poll(0)).headers["x-evenkeel-skip"]).toBe("small=Inactive")
    const beat = await call("POST", `/hosts/${body.host_id}/heartbeat`, body.api_key, {})
    expect(beat.body.status).toBe("active")
    clock.pass(60 * second)
    expect((await look()).body.status).toBe("active")
    expect(countNodes(market.driver.market)).toBe(1)
  })
})

describe("an operator", () => {
  it("adds, switches and removes models", async () => {
    const server = await withOperator()
    const { register, call, market } = server
    market.listModel({ name: "medium" })
    const { body } = await register({ slots: 3, tokens_per_second: 70 })
    const change = (sent: object) =>
      call("POST", `/hosts/${body.host_id}/models`, body.api_key, sent)
    const added = await change({ action: "add", model: "large", upstream_model: "org/L" })
    expect(added.status).toBe(200)
    const names = (answer: typeof added) =>
      answer.body.models.map(({ model }: { readonly model: string }) => model)
    expect(names(added)).toEqual(["small", "large"])
    expect((await change({ action: "add", model: "large" })).body.error.code).toBe("already_served")
    expect((await change({ action: "switch", model: "small" })).body.error.param).toBe("to")
    expect((await change({ action: "switch", model: "small", to: "large" })).status).toBe(409)
    const switched = await change({ action: "switch", model: "small", to: "medium" })
    expect(names(switched)).toEqual(["medium", "large"])
    expect(market.directory.instances.get(0)).toMatchObject({
      upstreamModel: "medium",
      slots: 3,
      tokensPerSecond: 70,
    })
    expect((await change({ action: "remove", model: "small" })).body.error.message).toContain(
      "medium, large",
    )
    expect(names(await change({ action: "remove", model: "medium" }))).toEqual(["large"])
    expect(kernelEvents(server).slice(-3)).toEqual([
      "InstanceStarted",
      "ModelSwitched",
      "InstanceStopped",
    ])
  })

  it("cannot switch a model whose jobs are under way", async () => {
    const server = await withOperator({ clock: manualClock() })
    const call = serve(server)
    const { body } = await server.register()
    call()
    const change = { action: "switch", model: "small", to: "large" }
    const refused = await server.call("POST", `/hosts/${body.host_id}/models`, body.api_key, change)
    expect([refused.status, refused.body.error.code]).toEqual([409, "jobs_in_flight"])
    expect(kernelEvents(server)).not.toContain("ModelSwitched")
  })

  it("drains a host, and lets it work again", async () => {
    const server = await withOperator()
    const { register, call, secret } = server
    const { body } = await register()
    const path = `/hosts/${body.host_id}`
    expect((await call("POST", `${path}/drain`, secret)).body).toEqual({
      host_id: body.host_id,
      status: "draining",
      in_flight: 0,
    })
    await call("POST", `${path}/drain`, body.api_key)
    const added = await call("POST", `${path}/models`, secret, { action: "add", model: "large" })
    expect(added.body.status).toBe("draining")
    const beat = (report: object) => call("POST", `${path}/heartbeat`, body.api_key, report)
    expect((await beat({})).body.status).toBe("draining")
    expect((await beat({ is_draining: false })).body.status).toBe("active")
    expect((await beat({ is_draining: true })).body.status).toBe("draining")
    expect((await call("POST", `${path}/resume`, secret)).body.status).toBe("active")
  })

  it("drains the agent that asks, and the host only with its last one", async () => {
    const clock = manualClock()
    const server = await withOperator({ clock })
    const ask = serve(server)
    const { register, call, secret, board } = server
    const { body } = await register()
    const beat = async (session: string, is_draining: boolean): Promise<unknown> =>
      (
        await call("POST", `/hosts/${body.host_id}/heartbeat`, body.api_key, {
          session,
          is_draining,
        })
      ).body.status
    const poll = (session: string, wait = 5) =>
      call("POST", `/hosts/next-job?wait_seconds=${wait}&session=${session}`, body.api_key)
    expect([await beat("old", false), await beat("new", false)]).toEqual(["active", "active"])
    expect(await beat("old", true)).toBe("active")
    // The old one still waits in its last poll: the job is the new one's.
    const late = poll("old")
    while (board.totals().polls === 0) await new Promise(setImmediate)
    ask()
    const taken = await poll("new")
    expect([taken.status, board.totals().polls]).toEqual([200, 1])
    expect((await call("GET", `/hosts/${body.host_id}`, secret)).body.sessions).toMatchObject([
      { session: "new", is_draining: false },
      { session: "old", is_draining: true },
    ])
    expect(await beat("new", true)).toBe("draining")
    expect(await beat("newest", false)).toBe("active")
    clock.pass(6 * second)
    expect((await late).status).toBe(204)
  })

  it("drains with the agents that drain once the others are silent", async () => {
    const clock = manualClock()
    const server = await withOperator({ clock })
    const { register, call, secret } = server
    const { body } = await register()
    const path = `/hosts/${body.host_id}`
    const beat = (session: string, is_draining: boolean) =>
      call("POST", `${path}/heartbeat`, body.api_key, { session, is_draining })
    const status = async (): Promise<unknown> => (await call("GET", path, secret)).body.status
    await beat("crashed", false)
    clock.pass(30 * second)
    await beat("leaving", true)
    expect(await status()).toBe("active")
    clock.pass(20 * second)
    expect(await status()).toBe("draining")
  })

  it("stays drained by its operator whatever its agents say, until its operator resumes it", async () => {
    const server = await withOperator()
    const { register, call, secret } = server
    const { body } = await register()
    const path = `/hosts/${body.host_id}`
    const beat = async (is_draining: boolean): Promise<unknown> =>
      (
        await call("POST", `${path}/heartbeat`, body.api_key, {
          session: "one",
          is_draining,
        })
      ).body.status
    await beat(false)
    await call("POST", `${path}/drain`, secret)
    expect([await beat(false), await beat(true), await beat(false)]).toEqual([
      "draining",
      "draining",
      "draining",
    ])
    expect((await call("POST", `${path}/resume`, secret)).body.status).toBe("active")
    expect(await beat(true)).toBe("draining")
    expect(await beat(false)).toBe("active")
  })

  it("removes a host, whose open jobs it may still end", async () => {
    const server = await withOperator()
    const ask = serve(server)
    const { register, call, secret, host, market } = server
    const { body } = await register()
    const mini = host(body.api_key)
    ask()
    const { body: job } = await mini.poll()
    const path = `/hosts/${body.host_id}`
    expect((await call("DELETE", path, secret)).body.status).toBe("leaving")
    expect((await call("GET", "/hosts")).body.data).toEqual([])
    expect((await call("POST", `${path}/heartbeat`, body.api_key, {})).body.status).toBe("leaving")
    expect(
      (await call("POST", `${path}/models`, secret, { action: "add", model: "large" })).status,
    ).toBe(404)
    expect(ask()).toBeUndefined()
    expect((await mini.complete(job, { usage: { completion_tokens: 4 } })).status).toBe(200)
    expect(countNodes(market.driver.market)).toBe(0)
    expect((await call("GET", path, secret)).status).toBe(404)
    expect((await call("DELETE", path, secret)).status).toBe(404)
    // Not 401: that is how an agent learns to register again.
    expect((await mini.poll(0)).status).toBe(404)
  })

  it("replaces a cloud token, which is sealed for its host and never shown", async () => {
    const server = await withOperator()
    const { register, call, secret, market, vault } = server
    const { body, text } = await register({
      delivery: "cloud",
      endpoint: "http://127.0.0.1:9999/v1",
      token: "sk-provider-one",
    })
    expect(text).not.toContain("sk-provider")
    const record = () => market.directory.hostByPublicId(body.host_id)!
    expect(JSON.stringify(record())).not.toContain("sk-provider")
    expect(Redacted.value(tokenOf(vault, record())!)).toBe("sk-provider-one")
    const ask = serve(server)
    // The provider refuses the credential: the instance is suspended until there is another one.
    market.driver.addTaker((command) => {
      if (command._tag === "Dispatch")
        market.driver.submit({
          _tag: "AttemptEnded",
          request: command.request,
          attempt: command.attempt,
          outcome: "credentialRefused",
          outputTokens: 0,
          reportedTokens: 0,
          decodeMicros: 0,
          retryAfterMicros: 0,
        })
    })
    ask()
    const statusNow = async () =>
      (await call("GET", `/hosts/${body.host_id}`)).body.models[0].reason as string
    expect(await statusNow()).toBe("Suspended")
    const replaced = await call("POST", `/hosts/${body.host_id}/token`, secret, {
      token: "sk-provider-two",
    })
    expect([replaced.status, replaced.text.includes("sk-provider")]).toEqual([200, false])
    expect(await statusNow()).toBe("Eligible")
    expect(Redacted.value(tokenOf(vault, record())!)).toBe("sk-provider-two")
    const admin = market.giveKey("admin", {}).secret
    expect((await call("POST", "/admin/vault/rotate", secret)).status).toBe(403)
    expect((await call("POST", "/admin/vault/rotate", admin)).body).toEqual({
      rewrapped: 1,
      broken: [],
    })
    expect(Redacted.value(tokenOf(vault, record())!)).toBe("sk-provider-two")
  })

  it("that registers twice at the same moment has one host", async () => {
    const resolve = async () => {
      await new Promise((done) => void setTimeout(done, 50))
      return [{ address: "93.184.216.34", family: 4 }]
    }
    const server = await openHostServer({ guard: makeNetworkGuard([], resolve) })
    server.market.listModel({ name: "small" })
    const { secret } = server.market.openAccount()
    const wish = {
      models: ["small"],
      delivery: "push",
      endpoint: "https://gpu.example/v1",
      registration_id: "same",
    }
    const answers = await Promise.all(
      [1, 2, 3].map(() => server.call("POST", "/hosts", secret, wish)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201])
    expect(new Set(answers.map(({ body }) => body.host_id)).size).toBe(1)
    expect(server.market.directory.hosts.size()).toBe(1)
  })

  it("sends no token over plain http through public networks", async () => {
    const resolve = async () => [{ address: "93.184.216.34", family: 4 }]
    const server = await openHostServer({ guard: makeNetworkGuard([], resolve) })
    server.market.listModel({ name: "small" })
    const { secret } = server.market.openAccount()
    const register = (endpoint: string) =>
      server.call("POST", "/hosts", secret, {
        models: ["small"],
        delivery: "cloud",
        endpoint,
        token: "sk-1",
      })
    expect((await register("http://api.example/v1")).body.error.message).toContain("https")
    expect((await register("https://api.example/v1")).status).toBe(201)
  })

  it("sees what its host earned, by hour and by lot", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    const server = await withOperator({ store })
    const ask = serve(server)
    const { register, call, secret, host } = server
    const { body } = await register({ slots: 4 })
    const { body: other } = await register({ models: ["large"] })
    const mini = host(body.api_key)
    for (let turn = 0; turn < 3; turn++) {
      ask()
      const { body: job } = await mini.poll()
      await mini.complete(job, { usage: { completion_tokens: 5 } })
    }
    // 10 tokens in at 1, 5 out at 2 minor units: 20 each, of which 12 % is the platform's.
    const earned = await call("GET", `/hosts/${body.host_id}/earnings?hours=2`, secret)
    expect(earned.status).toBe(200)
    expect(earned.body.hours).toHaveLength(1)
    expect(earned.body).toMatchObject({
      hours: [
        {
          jobs: 3,
          output_tokens: 15,
          gross: "0.00006",
          fee: "0.000006",
          withheld: "0.00",
          earned: "0.000054",
        },
      ],
      total: { jobs: 3, output_tokens: 15, earned: "0.000054" },
      account: { balance: { earned: "0.000054" }, bounties: [] },
    })
    const idle = await call("GET", `/hosts/${other.host_id}/earnings`, other.api_key)
    expect(idle.body).toMatchObject({ hours: [], total: { jobs: 0, earned: "0.00" } })
    await server.close()
  })
})
