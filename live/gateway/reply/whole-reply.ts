/** An answer in one piece: it goes out when its charge is known, and on disk. */
import type { FastifyReply } from "fastify"
import type { Market } from "../../../engine/index.ts"
import { creditsOf } from "../../views/credits.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { Assembler, Usage } from "../answer/answer.ts"
import type { Consumer } from "../call/call.ts"

/** What an answer cost: credits, as a decimal. Only where the answer comes in one piece. */
const chargeHeader = "x-evenkeel-charge"

/** A consumer that gets its answer in one piece. `bodyOf`: what it gets of what was put together. */
export const wholeTo = (
  reply: FastifyReply,
  market: Market,
  assembler: () => Assembler,
  bodyOf: (assembled: Assembler, usage: Usage) => JsonObject,
): Consumer => ({
  isStreaming: false,
  hearsCharge: true,
  assembler,
  chunk: () => {},
  end: (end, assembled) => {
    if (end._tag === "Failed") return void reply.send(end.error)
    if (assembled === undefined) throw new Error("gateway: a served call has no answer")
    void reply
      .header(chargeHeader, creditsOf(market, end.chargeMinor))
      .header("content-type", "application/json; charset=utf-8")
      .send(JSON.stringify(bodyOf(assembled, end.usage)))
  },
})
