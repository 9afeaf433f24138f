/** A gateway that listens, over a market in memory and hosts that a test plays. */
import { buildConnector } from "undici"
import type { AddressInfo } from "node:net"
import { gatewayRoutes } from "../../../live/gateway/gateway-routes.ts"
import { makeCalls } from "../../../live/gateway/call/calls.ts"
import { makePushCourier } from "../../../live/gateway/couriers/push-courier.ts"
import { buildServer } from "../../../live/http/server/server.ts"
import type { MarketOptions } from "../support/market.ts"
import { openTestMarket } from "../support/market.ts"
import type { HostCall, MockHost } from "./mock-host.ts"
import { openMockHost } from "./mock-host.ts"

/** One model `small` and one `vectors`, each served by the given hosts; one funded account. */
export const openGateway = async (
  answers: ReadonlyArray<(call: HostCall) => void>,
  options: MarketOptions & { readonly minor?: number; readonly slots?: number } = {},
) => {
  const market = openTestMarket(options)
  const hosts: Array<MockHost> = []
  const small = market.listModel({ name: "small", contextTokens: 1000 })
  const vectors = market.listModel({ name: "org/vectors", kind: "embedding" })
  const { account, secret } = market.openAccount({ minor: options.minor ?? 1_000_000_000 })
  for (const answer of answers) {
    const host = await openMockHost(answer)
    hosts.push(host)
    for (const model of [small, vectors])
      market.startHost({
        model,
        delivery: "push",
        endpoint: host.endpoint,
        ...(options.slots === undefined ? {} : { slots: options.slots }),
        upstreamModel: `host-${model.id}`,
      })
  }
  const push = makePushCourier({
    hostOf: (instance) =>
      market.directory.hosts.get(market.directory.instances.get(instance)?.host ?? -1),
    tokenOf: () => undefined,
    connect: buildConnector({ timeout: 1000 }),
  })
  const couriers = { push, pull: push }
  const calls = makeCalls(market, couriers)
  const server = await buildServer({
    config: market.config,
    plugins: [gatewayRoutes(market, calls)],
    logger: false,
  })
  await server.listen({ host: "127.0.0.1", port: 0 })
  const { port } = server.server.address() as AddressInfo
  return {
    market,
    calls,
    hosts,
    server,
    account,
    secret,
    baseURL: `http://127.0.0.1:${port}/v1`,
    close: async () => {
      server.server.closeAllConnections()
      await server.close()
      await push.close()
      for (const host of hosts) await host.close()
      market.driver.stop()
    },
  }
}

export type Gateway = Awaited<ReturnType<typeof openGateway>>
