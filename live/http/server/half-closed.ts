/**
 * Some clients close their half of a connection once their request is out, and wait for the answer.
 * Seen from here that looks like a client that has left. The difference shows when something is sent:
 * who has left resets the connection. So a consumer that half-closes is served, and sent what no
 * client minds, now and again, until its answer begins or its connection breaks.
 *
 * Over HTTP/1.0 there is nothing to send before a whole answer: there, and on other routes, which are
 * for hosts and people, who do not do this, a close is a close.
 */
import type { FastifyInstance, FastifyReply } from "fastify"

/** The first two tell, wherever the client is near: the answer to the one fails the other. */
const firstMillis = 4
const mostMillis = 15_000

export const serveHalfClosed = (server: FastifyInstance): void => {
  // Node's own name for it; its types do not know it.
  Object.assign(server.server, { httpAllowHalfOpen: true })
  server.addHook("onRequest", (request, reply, done) => {
    const { socket } = request.raw
    let timer: NodeJS.Timeout | undefined
    const probe = (waitMillis: number): void => {
      sendNothing(reply)
      timer = setTimeout(() => probe(Math.min(mostMillis, waitMillis * 2)), waitMillis)
    }
    const takeEnd = (): void => {
      if (request.url.startsWith("/v1/") && request.raw.httpVersion !== "1.0") probe(firstMillis)
      else socket.end()
    }
    if (socket.readableEnded) takeEnd()
    else socket.once("end", takeEnd)
    reply.raw.once("close", () => {
      clearTimeout(timer)
      socket.off("end", takeEnd)
    })
    done()
  })
}

/** Before an answer, that it goes on (RFC 9110, 15.2.1); within a stream of events, a comment. */
const sendNothing = (reply: FastifyReply): void => {
  const answer = reply.raw
  if (answer.writableEnded || answer.destroyed) return
  if (!answer.headersSent) answer.writeContinue()
  else if (String(answer.getHeader("content-type")).startsWith("text/event-stream"))
    answer.write(":\n\n")
}
