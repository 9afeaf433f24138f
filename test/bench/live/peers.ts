/**
 * What the gateway is compared with, over the same upstream: a bare Fastify route, and a proxy of
 * nothing but node:http and undici. `node peers.js fastify|proxy UPSTREAM_URL`, each in a process of
 * its own.
 */
import Fastify from "fastify"
import { createServer } from "node:http"
import { Pool } from "undici"
import { announcePort } from "./processes.ts"

const [kind, upstream] = process.argv.slice(2)
const pool = new Pool(upstream, { connections: 256, pipelining: 1 })

const runFastify = async (): Promise<void> => {
  const server = Fastify({ logger: false, keepAliveTimeout: 600_000 })
  server.post("/v1/chat/completions", async (request, reply) => {
    const { statusCode, body } = await pool.request({
      path: "/v1/chat/completions",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request.body),
    })
    return reply.status(statusCode).type("application/json").send(body)
  })
  await server.listen({ port: 0, host: "127.0.0.1" })
  announcePort(server.server)
}

const runProxy = (): void => {
  const server = createServer((request, response) => {
    void pool.stream(
      {
        path: request.url ?? "/",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: request,
      },
      ({ statusCode, headers }) => {
        response.writeHead(statusCode, { "content-type": headers["content-type"] as string })
        return response
      },
    )
  })
  server.keepAliveTimeout = 600_000
  server.listen(0, "127.0.0.1", () => announcePort(server))
}

if (kind === "fastify") await runFastify()
else runProxy()
