import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { toFile } from "openai"
import { afterEach, describe, expect, it } from "vitest"
import { booksView } from "../../../engine/index.ts"
import { ComputeClient } from "../../../live/client.ts"
import { crashImage, temporaryFolder } from "../support/data-directory.ts"
import type { HostCall, MockHost } from "../gateway/mock-host.ts"
import { openMockHost, refuse, streamTexts } from "../gateway/mock-host.ts"
import {
  batchGateway,
  bring,
  hour,
  lineOf,
  linesIn,
  linesOf,
  submit,
  until,
} from "./batch-gateway.ts"

let host: MockHost | undefined
const openHost = async (answer: (call: HostCall) => void): Promise<string> => {
  host = await openMockHost(answer)
  return host.endpoint
}
afterEach(async () => {
  await host?.close()
  host = undefined
})

const said = ({ body }: HostCall): string =>
  String((body["messages"] as ReadonlyArray<{ readonly content: string }>)[0]?.content)
const echo = (call: HostCall): void => streamTexts(call, ["Yes", ", ", said(call)])

describe("files, by OpenAI's client", () => {
  it("come, are listed, read back, and deleted; by their own account only", async () => {
    const gateway = await batchGateway()
    const { client, url } = gateway
    const lines = linesOf(3)
    const file = await bring(client, lines)
    expect(file).toMatchObject({
      object: "file",
      purpose: "batch",
      filename: "input.jsonl",
      bytes: lines.length,
      status: "processed",
    })
    expect(await client.files.retrieve(file.id)).toEqual(file)
    expect(await (await client.files.content(file.id)).text()).toBe(lines)
    const second = await bring(client, linesOf(1))
    const listed: Array<string> = []
    for await (const one of client.files.list({ limit: 1 })) listed.push(one.id)
    expect(listed).toEqual([second.id, file.id])
    const other = await fetch(`${url}/accounts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "other" }),
    })
    const { api_key: key } = (await other.json()) as { readonly api_key: string }
    const stranger = await fetch(`${url}/v1/files/${file.id}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(stranger.status).toBe(404)
    expect(await client.files.delete(file.id)).toEqual({
      id: file.id,
      object: "file",
      deleted: true,
    })
    await expect(client.files.content(file.id)).rejects.toMatchObject({ status: 404 })
  })

  it("are refused where they are too large, of another purpose, or too many", async () => {
    const settings = { batches: { fileBytes: 2000, storedBytes: 3000 } }
    const { client } = await batchGateway({ settings })
    await expect(bring(client, "x".repeat(2001))).rejects.toMatchObject({
      status: 413,
      code: "file_too_large",
    })
    await bring(client, "x".repeat(2000))
    await expect(bring(client, "x".repeat(1001))).rejects.toMatchObject({ code: "storage_full" })
    await expect(
      client.files.create({ purpose: "assistants", file: await toFile(Buffer.from("x"), "x") }),
    ).rejects.toMatchObject({ status: 400, param: "purpose" })
  })
})

describe("a batch, by OpenAI's client", () => {
  it("is answered line by line, at the discount", async () => {
    const gateway = await batchGateway({ endpoint: await openHost(echo) })
    const { client, services } = gateway
    const opened = await submit(client, linesOf(12))
    expect(opened).toMatchObject({
      object: "batch",
      status: "validating",
      completion_window: "24h",
      request_counts: { total: 0, completed: 0, failed: 0 },
      metadata: { of: "test" },
    })
    const batch = await until(client, opened.id, ({ status }) => status === "completed")
    expect(batch).toMatchObject({ error_file_id: null, errors: null, model: "small" })
    expect(batch.request_counts).toEqual({ total: 12, completed: 12, failed: 0 })
    const lines = await linesIn(client, batch.output_file_id)
    expect(lines.map((line) => line.custom_id)).toEqual(
      Array.from({ length: 12 }, (_, index) => `item-${index}`),
    )
    expect(lines[7]?.response?.body.choices[0]?.message.content).toBe("Yes, say item-7")
    const cost = lines.reduce((sum, line) => sum + (line.response?.body.usage.cost ?? 0), 0)
    expect(Number((batch as { readonly charge?: string }).charge)).toBeCloseTo(cost, 9)
    const finishes = host?.calls.length
    expect(finishes).toBe(12)
    expect(booksView(services.driver.market)).toMatchObject({ total: 0, held: 0 })
    const listed: Array<string> = []
    for await (const one of client.batches.list({ limit: 1 })) listed.push(one.id)
    expect(listed).toEqual([batch.id])
  })

  it("names the line that is wrong", async () => {
    const { client } = await batchGateway()
    const lines = linesOf(7000) + "{ not JSON\n" + linesOf(1).replace("item-0", "last")
    const opened = await submit(client, lines)
    const batch = await until(client, opened.id, ({ status }) => status === "failed")
    expect(batch.errors?.data).toEqual([
      {
        code: "invalid_json_line",
        line: 7001,
        message: "line 7001: expected a JSON object on a line of its own",
        param: null,
      },
    ])
  })

  it("says what is wrong with each line", async () => {
    const { client } = await batchGateway()
    const wrong: ReadonlyArray<readonly [string, string]> = [
      [JSON.stringify({ ...(JSON.parse(lineOf("a")) as object), method: "GET" }), "invalid_method"],
      [
        JSON.stringify({ ...(JSON.parse(lineOf("b")) as object), url: "/x" }),
        "mismatched_endpoint",
      ],
      [
        JSON.stringify({ ...(JSON.parse(lineOf("c")) as object), custom_id: 7 }),
        "invalid_custom_id",
      ],
      [lineOf("d", { model: "other" }), "model_not_found"],
      [lineOf("e", { messages: [] }), "invalid_request"],
      [lineOf("f", { stream: true }), "invalid_request"],
    ]
    const file = [lineOf("g"), lineOf("g"), ...wrong.map(([line]) => line)].join("\n")
    const opened = await submit(client, file)
    const batch = await until(client, opened.id, ({ status }) => status === "failed")
    expect(batch.errors?.data?.map(({ code, line }) => [code, line])).toEqual([
      ["duplicate_custom_id", 2],
      ...wrong.map(([, code], index) => [code, index + 3]),
    ])
  })

  it("fails where it cannot be paid, or where the market takes none", async () => {
    const poor = await batchGateway()
    const big = lineOf("a", { max_tokens: 8000 })
    const opened = await submit(
      poor.client,
      Array.from({ length: 900 }, (_, index) => big.replace('"a"', `"a${index}"`)).join("\n"),
    )
    const batch = await until(poor.client, opened.id, ({ status }) => status === "failed")
    expect(batch.errors?.data?.[0]?.code).toBe("insufficient_credits")
    await poor.stop()
    const without = await batchGateway({ knobs: { batches: { areTaken: false } } })
    await expect(submit(without.client, linesOf(1))).rejects.toMatchObject({
      code: "batches_not_taken",
    })
  })

  it("leaves what no host could answer in its error file, not charged", async () => {
    const bad = (call: HostCall): void =>
      said(call) === "say item-3" ? refuse(call, 400, "no such thing") : echo(call)
    const { client } = await batchGateway({ endpoint: await openHost(bad) })
    const opened = await submit(client, linesOf(10))
    const batch = await until(client, opened.id, ({ status }) => status === "completed")
    expect(batch.request_counts).toEqual({ total: 10, completed: 9, failed: 1 })
    const [failed] = await linesIn(client, batch.error_file_id)
    expect(failed).toMatchObject({ custom_id: "item-3", response: { status_code: 400 } })
  })

  it("that is cancelled is answered as far as it was under way", async () => {
    const held: Array<HostCall> = []
    const { client } = await batchGateway({
      endpoint: await openHost((call) => void held.push(call)),
    })
    const opened = await submit(client, linesOf(20))
    await until(client, opened.id, () => held.length === 4)
    expect((await client.batches.cancel(opened.id)).status).toBe("cancelling")
    for (const call of held) echo(call)
    const batch = await until(client, opened.id, ({ status }) => status === "cancelled")
    expect(batch.request_counts).toEqual({ total: 20, completed: 4, failed: 16 })
    expect(await linesIn(client, batch.output_file_id)).toHaveLength(4)
    const errors = await linesIn(client, batch.error_file_id)
    expect(errors.map(({ error }) => error?.code)).toEqual(Array(16).fill("batch_cancelled"))
    await expect(client.batches.cancel(opened.id)).rejects.toMatchObject({ code: "batch_over" })
  })
})

describe("a gateway that is killed within a batch", () => {
  it("answers each item once, at the discount; the rest is void at the deadline", async () => {
    const count = 40
    const kills = 3
    let served = 0
    let mayServe = 10
    let isStopping = false
    const held: Array<HostCall> = []
    const endpoint = await openHost((call) => {
      if (isStopping) return void call.response.destroy()
      if (served >= mayServe) return void held.push(call)
      served += 1
      echo(call)
    })
    let gateway = await batchGateway({ endpoint })
    const opened = await submit(gateway.client, linesOf(count))
    for (let kill = 1; kill <= kills; kill++) {
      await until(
        gateway.client,
        opened.id,
        ({ request_counts: counts }) => held.length > 0 && (counts?.completed ?? 0) >= 5 * kill,
      )
      const folder = temporaryFolder()
      mkdirSync(join(folder, "data"))
      crashImage(join(gateway.folder, "data"), join(folder, "data"))
      const { accountId, adminKey, secret } = gateway
      // An orderly end waits for what is under way; what it does then is in no image.
      isStopping = true
      const stopped = gateway.stop()
      for (const call of held.splice(0)) call.response.destroy()
      await stopped
      isStopping = false
      mayServe += 8
      const known = { accountId, adminKey, secret }
      gateway = await batchGateway({ folder, clock: gateway.clock, known })
    }
    const { client, services } = gateway
    await until(client, opened.id, () => held.length > 0)
    gateway.clock.pass(24 * hour)
    const batch = await until(client, opened.id, ({ status }) => status === "expired")
    const answered = await linesIn(client, batch.output_file_id)
    const rest = await linesIn(client, batch.error_file_id)
    expect(answered.length).toBeGreaterThan(10)
    expect(rest.length).toBeGreaterThan(5)
    expect([...answered, ...rest].map((line) => line.custom_id).toSorted()).toEqual(
      Array.from({ length: count }, (_, index) => `item-${index}`).toSorted(),
    )
    expect(rest.map(({ error }) => error?.code)).toEqual(rest.map(() => "batch_expired"))
    // 0.00001 a token of the prompt and 0.00002 one of the answer; the discount is on the sum of all.
    const full = answered.reduce((sum, { response }) => {
      const usage = response?.body.usage as never as Readonly<Record<string, number>>
      return sum + 10 * (usage["prompt_tokens"] ?? 0) + 20 * (usage["completion_tokens"] ?? 0)
    }, 0)
    const { charge = "" } = batch as { readonly charge?: string }
    expect(Math.round(Number(charge) * 1e6)).toBe(Math.ceil(0.7 * full))
    expect(booksView(services.driver.market)).toMatchObject({ total: 0, held: 0 })
  })
})

describe("ComputeClient", () => {
  it("opens a batch, and reads what it left", async () => {
    const gateway = await batchGateway({ endpoint: await openHost(echo) })
    const client = new ComputeClient({ baseUrl: gateway.url, apiKey: gateway.secret })
    const opened = await client.submitBatch(
      ["a", "b"].map((customId) => ({
        customId,
        model: "small",
        messages: [{ role: "user", content: customId }],
        maxTokens: 10,
      })),
    )
    await until(gateway.client, opened.id, ({ status }) => status === "completed")
    const batch = await client.batch(opened.id)
    expect(batch.request_counts).toEqual({ total: 2, completed: 2, failed: 0 })
    const text = await client.fileText(batch.output_file_id ?? "")
    expect(text.trim().split("\n")).toHaveLength(2)
  })
})
