import { describe, expect, it } from "vitest"
import { partyOf } from "../../../live/http/client-address.ts"

describe("whose an address is", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:0:1:aaaa::1", "2001:db8:0:1::/64"],
    ["2001:0DB8:0000:0001:1:2:3:4", "2001:db8:0:1::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("%s is %s", (address, party) => {
    expect(partyOf(address)).toBe(party)
  })
})
