/**
 * How often one party may ask for what costs more than an answer, counted by its key rather than by
 * its address: a hall of hosts may share one.
 */
import type { FastifyRequest } from "fastify"
import type { KeyRecord } from "./records.ts"
import type { LiveServices } from "./services.ts"
import { keyOf } from "./authentication.ts"
import { partyOf } from "../http/client-address.ts"

const keyItself = ({ publicId }: KeyRecord): string => publicId

/** `config` of a route. `partyOfKey`: which keys are counted together; default: each by itself. */
export const rateByKey = (
  services: Pick<LiveServices, "directory" | "nowMillis" | "sessions">,
  requestsPerMinute: number,
  partyOfKey: (key: KeyRecord) => string = keyItself,
) => ({
  rateLimit: {
    max: requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request: FastifyRequest): string => {
      const key = keyOf(services, request)
      return key === undefined ? partyOf(request.ip) : partyOfKey(key)
    },
  },
})
