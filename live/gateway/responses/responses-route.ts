/**
 * OpenAI's Responses API over chats: the same hosts, holds, charges and errors. Nothing is stored for
 * good, so that a conversation comes whole with each call, or with the ids of the latest answers' items.
 */
import { secondsOf } from "../../views/market-time.ts"
import { HttpError } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { LiveServices } from "../../directory/services.ts"
import type { Assembler, Envelope } from "../answer/answer.ts"
import { newAnswerId } from "../answer/answer-id.ts"
import type { Consumer } from "../call/call.ts"
import type { CallRoute } from "../reply/call-route.ts"
import { orderOf } from "../request/order.ts"
import type { EventText } from "../reply/stream-reply.ts"
import { keepAliveOf, streamTo } from "../reply/stream-reply.ts"
import { wholeTo } from "../reply/whole-reply.ts"
import type { ResponsesBody } from "./body.ts"
import { checkBody, ResponsesBody as bodySchema } from "./body.ts"
import { makeRecentItems } from "./recent-items.ts"
import type { ResponseEvent } from "./response-stream.ts"
import { makeResponseStream } from "./response-stream.ts"
import { chatOf } from "./to-chat.ts"

export const responsesRoute = (services: LiveServices): CallRoute<ResponsesBody> => {
  const recent = makeRecentItems({ charsPerCall: services.config.limits.bodyBytes })
  const keepAlive = keepAliveOf(services)
  return {
    path: "/v1/responses",
    summary:
      "An answer to a conversation as OpenAI's Responses API gives it; unless `store` is false, its items are remembered for a while, in memory, for `item_reference`",
    answer: "OpenAI's `response`; with `stream` its events, as server-sent events",
    schema: bodySchema,
    check: checkBody,
    orderOf: (account, body, headers) => {
      try {
        const chat = chatOf(body, recent.resolved(account, body.input))
        const order = orderOf(services, account, "chat", chat, headers)
        return order instanceof Promise
          ? order.catch((error: unknown) => {
              throw reworded(error)
            })
          : order
      } catch (error) {
        throw reworded(error)
      }
    },
    consumerOf: ({ model, account }, body, request, reply, callOf) => {
      const envelope: Envelope = {
        id: newAnswerId("response"),
        created: secondsOf(services.nowMillis()),
        model: model.name,
      }
      const keep = (output: ReadonlyArray<JsonObject>): void => {
        if (body.store !== false) recent.keep(account, output)
      }
      return inItsWords(
        body.stream === true
          ? streamTo(request, reply, eventsOf(envelope, body, keep), keepAlive, callOf)
          : wholeTo(
              reply,
              services.driver.market,
              () => assemblerOf(envelope, body, keep),
              (assembled, usage) => assembled.answer(envelope, usage),
            ),
      )
    },
  }
}

/** Told of the items of an answer that was served. */
type Keep = (output: ReadonlyArray<JsonObject>) => void

const eventsOf = (envelope: Envelope, body: ResponsesBody, keep: Keep): EventText => {
  let text = ""
  const stream = makeResponseStream(envelope, body, (event) => {
    text += eventText(event)
  })
  const written = (write: () => unknown): string => {
    text = ""
    write()
    return text
  }
  return {
    tellsCharge: true,
    chunk: (chunk) => written(() => stream.add(chunk)),
    served: (usage) => written(() => keep(stream.serve(usage).output)),
    failed: (error) => written(() => stream.fail(error)),
  }
}

const eventText = (event: ResponseEvent): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const assemblerOf = (envelope: Envelope, body: ResponsesBody, keep: Keep): Assembler => {
  const stream = makeResponseStream(envelope, body, () => {})
  return {
    add: stream.add,
    answer: (_envelope, usage) => {
      const response = stream.serve(usage)
      keep(response.output)
      return response
    },
  }
}

const inItsWords = (consumer: Consumer): Consumer => ({
  ...consumer,
  end: (end, assembler) =>
    consumer.end(end._tag === "Failed" ? { ...end, error: reworded(end.error) } : end, assembler),
})

/** What a chat calls a field, and what a response does. */
const fieldNames: ReadonlyMap<string, string> = new Map([
  ["messages", "input"],
  ["max_tokens", "max_output_tokens"],
])

/** An error about a chat in the words of a response. */
const reworded = <E>(error: E): E | HttpError => {
  if (!(error instanceof HttpError)) return error
  const { status, type, code, message, param, retryAfterSeconds } = error
  return new HttpError({
    status,
    type,
    code,
    message: message.replace(
      /`(messages|max_tokens)`/g,
      (_, field: string) => `\`${fieldNames.get(field)}\``,
    ),
    ...(param === undefined ? {} : { param: fieldNames.get(param) ?? param }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}
