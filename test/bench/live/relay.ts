/** How long the gateway holds a token: streams at a steady pace, each token stamped when it was sent. */
import { setTimeout as pause } from "node:timers/promises"
import { Pool } from "undici"
import { percentile } from "./load.ts"

const monotonicMillis = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

export interface RelayResult {
  readonly tokens: number
  readonly p50Millis: number
  readonly p99Millis: number
}

/** `streams` at once, each of `tokens` tokens at `perSecond`. `whileOpen`: called half-way through. */
export const measureRelay = async (
  url: string,
  key: string | undefined,
  streams: number,
  tokens: number,
  perSecond: number,
  whileOpen: () => Promise<void> = async () => {},
): Promise<RelayResult> => {
  const pool = new Pool(url, { connections: streams, pipelining: 1 })
  const delays: Array<number> = []
  const stream = async (): Promise<void> => {
    const { body, statusCode } = await pool.request({
      path: "/v1/chat/completions",
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({
        model: "mock",
        stream: true,
        max_tokens: tokens * 20,
        messages: [{ role: "user", content: `paced:${tokens}:${perSecond}` }],
      }),
    })
    let text = ""
    for await (const bytes of body) {
      const now = monotonicMillis()
      // A token never spans two events, and hardly ever two reads.
      const part = String(bytes)
      for (const [, sent] of part.matchAll(/" t(\d+\.\d+)"/g)) delays.push(now - Number(sent))
      if (statusCode !== 200) text += part
    }
    if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`)
  }
  const all = Promise.all(Array.from({ length: streams }, stream))
  await pause((tokens / perSecond) * 500)
  await whileOpen()
  await all
  await pool.close()
  delays.sort((a, b) => a - b)
  return {
    tokens: delays.length,
    p50Millis: percentile(delays, 0.5),
    p99Millis: percentile(delays, 0.99),
  }
}
