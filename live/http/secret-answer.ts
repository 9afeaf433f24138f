/** An answer that holds a secret which is shown this once: nothing on its way may keep it. */
import type { FastifyReply } from "fastify"

export const sendSecret = (reply: FastifyReply, status: number, body: object): FastifyReply =>
  reply.status(status).header("cache-control", "no-store").send(body)
