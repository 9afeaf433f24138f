/** Where a host that is called is called, if the gateway may call it. */
import { badRequest } from "../../http/http-error.ts"
import type { Registration } from "../../protocol/host-protocol.ts"
import type { CheckedEndpoint, NetworkGuard } from "../network-guard.ts"
import { refusedAddress } from "../refused-address.ts"

/** The endpoint of a registration that needs one, if the gateway may call it. */
export const checkedEndpoint = async (
  guard: NetworkGuard,
  { delivery = "pull", endpoint, token }: Registration,
): Promise<string | undefined> => {
  if (delivery !== "cloud" && token !== undefined)
    throw badRequest("`token` goes with delivery cloud only", "token")
  if (delivery === "pull") {
    if (endpoint === undefined) return undefined
    throw badRequest(
      "A host that polls has no endpoint; with one, its delivery is push or cloud",
      "endpoint",
    )
  }
  if (endpoint === undefined)
    throw badRequest(
      `delivery ${delivery} needs an endpoint, such as https://gpu.example/v1`,
      "endpoint",
    )
  if (delivery === "cloud" && token === undefined)
    throw badRequest("delivery cloud needs the provider's token", "token")
  const { url, isPublic } = await endpointOf(guard, endpoint)
  if (delivery === "cloud" && isPublic && url.protocol === "http:")
    throw badRequest("A token is not sent over plain http; expected an https endpoint", "endpoint")
  return url.href.replace(/\/+$/, "")
}

const endpointOf = async (guard: NetworkGuard, endpoint: string): Promise<CheckedEndpoint> => {
  try {
    return await guard.check(endpoint)
  } catch (error) {
    throw refusedAddress(error, "endpoint", "The endpoint")
  }
}
