import { createHmac } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished, describe, expect, it } from "vitest"
import { waitAfter } from "../../../live/hours/webhooks.ts"
import { hoursGateway } from "./hours-gateway.ts"

interface Message {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly body: string
}

/** Takes messages; answers with the given statuses, then with 200. */
const receiver = async (...statuses: ReadonlyArray<number>) => {
  const left = [...statuses]
  const messages: Array<Message> = []
  const server = createServer(async (request, response) => {
    let body = ""
    for await (const part of request) body += String(part)
    const { headers } = request
    messages.push({
      id: String(headers["webhook-id"]),
      timestamp: String(headers["webhook-timestamp"]),
      signature: String(headers["webhook-signature"]),
      body,
    })
    const status = left.shift() ?? 200
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end()
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const until = async (count: number): Promise<ReadonlyArray<Message>> => {
    for (let wait = 0; messages.length < count && wait < 400; wait++)
      await new Promise((resolve) => {
        setTimeout(resolve, 25)
      })
    return messages
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, until, messages }
}

const settings = { hosts: { allowedNetworks: ["127.0.0.0/8"] } }

const opened = async (options: Parameters<typeof hoursGateway>[0] = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider")
  const consumer = await gateway.signUp("consumer", "10")
  const gpu = await gateway.sell(provider)
  const order = async () =>
    (
      await gateway.call("POST", "/marketplace/bookings", consumer.key, {
        gpu_id: gpu.id,
        hours: 1,
        start: new Date(Date.now() + 86_400_000).toISOString(),
      })
    ).body.booking_id as string
  const cancel = (id: string) =>
    gateway.call("POST", `/marketplace/bookings/${id}/cancel`, consumer.key)
  return { gateway, provider, consumer, order, cancel }
}

describe("a webhook", () => {
  it("is sent its account's events from then on, in order and signed", async () => {
    const { gateway, consumer, order, cancel } = await opened({ settings })
    const hook = await receiver()
    await cancel(await order())
    const added = await gateway.call("POST", "/account/webhooks", consumer.key, { url: hook.url })
    expect(added.status).toBe(201)
    const booking = await order()
    await cancel(booking)
    const messages = await hook.until(3)
    expect(messages.map(({ body }) => JSON.parse(body).type)).toEqual([
      "booking.ordered",
      "booking.cancelled",
      "booking.closed",
    ])
    const key = Buffer.from(added.body.secret.replace("whsec_", ""), "base64")
    for (const { id, timestamp, body, signature } of messages) {
      const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")
      expect(signature).toBe(`v1,${mac}`)
      expect(JSON.parse(body)).toMatchObject({ booking_id: booking, side: "consumer" })
    }
    const feed = await gateway.call("GET", "/marketplace/events", consumer.key)
    expect(feed.body.data).toHaveLength(6)
    const rest = await gateway.call(
      "GET",
      `/marketplace/events?after=${feed.body.data[4].id}`,
      consumer.key,
    )
    expect(rest.body.data).toEqual([feed.body.data[5]])
    const listed = await gateway.call("GET", "/account/webhooks", consumer.key)
    expect(listed.body.data).toMatchObject([{ url: hook.url, state: "working" }])
    expect(JSON.stringify(listed.body)).not.toContain("whsec_")
    await gateway.call("DELETE", `/account/webhooks/${added.body.webhook_id}`, consumer.key)
    await order()
    await new Promise((resolve) => {
      setTimeout(resolve, 200)
    })
    expect(hook.messages).toHaveLength(3)
  })

  it(
    "is sent the same again where it failed, and follows no redirect",
    { timeout: 60_000 },
    async () => {
      const { gateway, consumer, order } = await opened({ settings })
      const hook = await receiver(302)
      await gateway.call("POST", "/account/webhooks", consumer.key, { url: hook.url })
      await order()
      const [first] = await hook.until(1)
      for (let wait = 0; wait < 100; wait++) {
        const listed = await gateway.call("GET", "/account/webhooks", consumer.key)
        if (listed.body.data[0].state === "failing") break
        await new Promise((resolve) => {
          setTimeout(resolve, 20)
        })
      }
      const listed = await gateway.call("GET", "/account/webhooks", consumer.key)
      expect(listed.body.data[0]).toMatchObject({
        state: "failing",
        last_error: "it answered with status 302",
      })
      const [, second] = await hook.until(2)
      expect(second?.id).toBe(first?.id)
      expect(second?.body).toBe(first?.body)
    },
  )

  it("goes nowhere that hosts' endpoints may not lead to", async () => {
    const { gateway, consumer } = await opened()
    for (const url of [
      "http://127.0.0.1:9/x",
      "http://localhost/x",
      "http://169.254.169.254/latest",
      "http://[::1]/x",
      "http://10.0.0.1/x",
      "ftp://example.com/x",
      "https://user:secret@example.com/x",
    ]) {
      const { status, body } = await gateway.call("POST", "/account/webhooks", consumer.key, {
        url,
      })
      expect(status, url).toBe(400)
      expect(body.error, url).toMatchObject({ code: "endpoint_refused", param: "url" })
    }
  })

  it("is tried more and more slowly, within an hour at most", () => {
    const waits = Array.from({ length: 30 }, (_, failures) => waitAfter(failures + 1, 0))
    expect(waits.slice(0, 3)).toEqual([5000, 10_000, 20_000])
    expect(Math.max(...waits)).toBe(3_600_000)
    expect(waitAfter(1, 1)).toBe(5500)
  })
})
