/** The route by which a machine's provider changes something of it. */
import type { FastifyInstance } from "fastify"
import { routeSchema } from "../http/route-schema.ts"
import { GpuPath } from "../protocol/hours-protocol.ts"
import { changeRate, providerKeys, requireProvider } from "./caller.ts"
import type { Listed } from "./gpus.ts"
import type { Hours } from "./hours.ts"

type SchemaOf = Parameters<typeof routeSchema>[0]["body"] & {}

export interface MachineChange<B> {
  readonly method: "PATCH" | "PUT"
  /** Below the machine's own path; empty: the machine itself. */
  readonly path: string
  readonly summary: string
  readonly body: SchemaOf
  readonly bodyLimit: number
  /** What is answered once the change is durable, */
  readonly answer: SchemaOf
  readonly view: (changed: Listed) => unknown
  /** made of the machine as this gives it. */
  readonly change: (listed: Listed, wish: B) => Listed
}

export const machineChange = <B>(
  app: FastifyInstance,
  { services, gpus }: Hours,
  { method, path, summary, body, bodyLimit, answer, view, change }: MachineChange<B>,
): void => {
  app.route<{ Params: GpuPath; Body: B }>({
    method,
    url: `/marketplace/gpu/:id${path}`,
    bodyLimit,
    config: changeRate(services),
    schema: routeSchema({
      tag: "Hours",
      summary,
      keys: providerKeys,
      params: GpuPath,
      body,
      answers: { 200: answer },
      errors: [404, 409],
    }),
    handler: async (request) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      const changed = change(listed, request.body as B)
      await services.driver.durable()
      return view(changed)
    },
  })
}
