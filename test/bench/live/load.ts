/** Loads: so many clients that call one after another, and what each call took. */
import { Pool } from "undici"

export interface Load {
  readonly url: string
  readonly key?: string
  readonly clients: number
  /** Stop after so many seconds. */
  readonly seconds: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface LoadResult {
  readonly calls: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
}

export const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted.length === 0
    ? Number.NaN
    : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]

export const runLoad = async (load: Load): Promise<LoadResult> => {
  const pool = new Pool(load.url, { connections: load.clients, pipelining: 1 })
  const body = JSON.stringify(load.body)
  const headers = {
    "content-type": "application/json",
    ...(load.key === undefined ? {} : { authorization: `Bearer ${load.key}` }),
  }
  const millis: Array<number> = []
  let failed = 0
  const until = performance.now() + load.seconds * 1000
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now()
      const { statusCode, body: answer } = await pool.request({
        path: "/v1/chat/completions",
        method: "POST",
        headers,
        body,
      })
      await answer.dump()
      if (statusCode === 200) millis.push(performance.now() - began)
      else failed += 1
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: load.clients }, client))
  const seconds = (performance.now() - began) / 1000
  await pool.close()
  millis.sort((a, b) => a - b)
  return {
    calls: millis.length,
    failed,
    perSecond: millis.length / seconds,
    p50Millis: percentile(millis, 0.5),
    p99Millis: percentile(millis, 0.99),
  }
}
