/**
 * The host's agent in one file, as it was built with this gateway: whoever becomes a host needs nothing
 * but Node and the gateway's address. `GET /agent` says its version and checksum.
 */
import { Schema } from "effect"
import type { FastifyInstance } from "fastify"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { builtProgram, version } from "../../platform/package.ts"
import { described } from "../http/fields.ts"
import { notFound } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"

const agentFileName = "evenkeel-agent.mjs"

const AgentView = Schema.Struct({
  version: Schema.String,
  file: described(Schema.String, "Its name below this path"),
  bytes: Schema.Int,
  sha256: described(Schema.String, "Of the file, hexadecimal"),
})

interface AgentFile {
  readonly content: Buffer
  readonly sha256: string
}

const readAgentFile = (): AgentFile | undefined => {
  try {
    const content = readFileSync(builtProgram(`agent/${agentFileName}`))
    return { content, sha256: createHash("sha256").update(content).digest("hex") }
  } catch {
    return undefined
  }
}

let read: { readonly file: AgentFile | undefined } | undefined
/** As it was when the first gateway of the process began; `undefined` where the sources run, and none was built. */
const agentFile = (): AgentFile | undefined => (read ??= { file: readAgentFile() }).file

export const agentRoutes = (app: FastifyInstance): void => {
  const agent = agentFile()
  const required = (): AgentFile => {
    if (agent === undefined)
      throw notFound(`agent to hand out: this gateway was not built; use \`npx evenkeel agent\``)
    return agent
  }
  app.get(
    "/agent",
    {
      schema: routeSchema({
        tag: "Hosts",
        summary: "The host's agent that this gateway hands out: its version and checksum",
        answers: { 200: AgentView },
        errors: [404],
      }),
    },
    async () => {
      const { content, sha256 } = required()
      return { version, file: agentFileName, bytes: content.length, sha256 }
    },
  )
  app.get(
    `/agent/${agentFileName}`,
    {
      schema: routeSchema({
        tag: "Hosts",
        summary: "The host's agent, one file for Node 20 or later",
        answer: "A program",
        errors: [404],
      }),
    },
    async (request, reply) => {
      const { content, sha256 } = required()
      void reply.headers({ etag: `"${sha256}"`, "cache-control": "no-cache" })
      if (request.headers["if-none-match"] === `"${sha256}"`) return reply.status(304).send()
      return reply.type("text/javascript; charset=utf-8").send(content)
    },
  )
}
