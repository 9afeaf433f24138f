/**
 * Idle hosts: `node hosts.js GATEWAY_URL OPERATOR_KEY COUNT`. Each is registered and polls; a job is
 * answered at once. Says over its channel how long each job took from the consumer to its host: the
 * consumer's message is the time at which it was sent.
 */
import { Pool } from "undici"

const [url, operatorKey, count] = process.argv.slice(2)
const pool = new Pool(url, { connections: Number(count) + 64, pipelining: 1, headersTimeout: 0 })

const monotonicMillis = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

const post = async (path: string, key: string, body: object) => {
  const answer = await pool.request({
    path,
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
  const text = await answer.body.text()
  if (answer.statusCode >= 400) throw new Error(`${path}: ${answer.statusCode} ${text}`)
  return text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>)
}

interface Handed {
  readonly job_id: string
  readonly attempt: number
  readonly epoch: number
  readonly body: { readonly messages: ReadonlyArray<{ readonly content: string }> }
}

const runHost = async (index: number, onPolling: () => void): Promise<void> => {
  const host = await post("/hosts", operatorKey, {
    name: `idle ${index}`,
    models: [{ model: "pulled", slots: 4, tokens_per_second: 1000 }],
  })
  const key = String(host?.["api_key"])
  await post(`/hosts/${String(host?.["host_id"])}/heartbeat`, key, {})
  onPolling()
  for (;;) {
    const job = (await post("/hosts/next-job", key, {})) as Handed | undefined
    if (job === undefined) continue
    const sent = Number(job.body.messages[0]?.content)
    process.send?.({ dispatchMillis: monotonicMillis() - sent })
    const { attempt, epoch } = job
    const choice = { index: 0, delta: { content: "Hello" }, finish_reason: "stop" }
    await pool
      .request({
        path: `/hosts/jobs/${job.job_id}/stream?attempt=${attempt}&epoch=${epoch}`,
        method: "POST",
        headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${key}` },
        body: `${JSON.stringify({ choices: [choice] })}\n`,
      })
      .then(({ body }) => body.dump())
    await post(`/hosts/jobs/${job.job_id}/complete`, key, {
      attempt,
      epoch,
      usage: { completion_tokens: 1 },
    })
  }
}

let polling = 0
process.on("disconnect", () => process.exit(0))
for (let index = 0; index < Number(count); index++) {
  // Registered one after another; they poll at once.
  await new Promise<void>((resolve) => {
    runHost(index, resolve).catch((cause: unknown) => {
      console.error(cause)
      process.exit(1)
    })
  })
  polling += 1
}
process.send?.({ port: 0, polling })
