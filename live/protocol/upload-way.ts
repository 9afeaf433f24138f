/** Whether the tokens of a host that polls come through as it sends them. */

/** `unknown`: no answer was long enough to tell since the gateway began. */
export type UploadWay = "unknown" | "flowing" | "heldBack"

/** Where it says what to do about a proxy that holds uploads back. */
export const proxiesPage = "docs/proxies.md"
